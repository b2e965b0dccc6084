import { expect, test } from 'vitest';
import { temporaryFolder } from './fixture.ts';
import { killManyTimes } from './kills.ts';

test('a process that is killed 40 times while it saves, prunes, migrates, copies and reports loses nothing that it acknowledged', async () => {
  const { kills, acknowledged } = await killManyTimes(temporaryFolder(), 40, Date.now() % 1_000_000);
  expect(kills).toBe(40);
  // The moments are random; that all of it was done at all is not left to chance.
  for (const [what, times] of Object.entries(acknowledged)) expect(times, what).toBeGreaterThan(0);
}, 300_000);
