import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './fixture.ts';

/** A name that turns what follows, hides a part of itself, and would write on a terminal. */
const NAME = 'shop\u202Enimda\u200Bx\u001B[2J\u{E0041}';
const SHOWN = 'shop<U+202E>nimda<U+200B>x<U+001B>[2J<U+E0041>';

test('What cannot be seen in a name is shown in every view, and no name turns the text beside it', async ({
  app,
}) => {
  const root = join(app.folder, 'home', 'hostile');
  mkdirSync(root, { recursive: true });
  writeFileSync(
    join(root, 'all.json'),
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: ['a', NAME].map((name) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: NAME, labels: { app: name } },
        spec: { containers: [{ name: 'c', image: 'i' }] },
      })),
    }),
  );
  const page = await app.start({ args: ['--from', root] });
  await app.audited();
  for (const view of ['overview', 'pods', 'egress', 'heatmap', 'findings']) {
    await page.getByTestId(`nav-${view}`).click();
    await expect(page.locator('main, #app').first()).toContainText(view === 'findings' ? 'U+' : SHOWN);
    const unseen = await page.evaluate(() => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const found: string[] = [];
      for (let node = walker.nextNode(); node; node = walker.nextNode())
        if (
          /[\u202A-\u202E\u2066-\u2069\u200B-\u200F]|\uDB40[\uDC00-\uDC7F]/.test(node.nodeValue ?? '') ||
          node.nodeValue?.includes('\u001B')
        )
          found.push(node.nodeValue ?? '');
      return found;
    });
    expect(unseen, view).toEqual([]);
  }
  const span = page.locator('span').first();
  expect(await span.evaluate((element) => getComputedStyle(element).unicodeBidi)).toBe('isolate');
});
