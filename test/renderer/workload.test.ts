import { expect, test } from 'vitest';
import type { PodQuery, PodRow } from '../../shared/audit/result.ts';
import { podsFor } from '../../renderer/state/workload.ts';

const end = (name: string, namespace = 'shop') => ({ namespace, name, kind: 'Deployment', pods: 2 });
const row = (namespace: string, name: string, workload: string): PodRow =>
  ({ namespace, name, workload: { kind: 'Deployment', name: workload } }) as PodRow;
/** As the backend does: rows of the namespace whose name or workload contains the text. */
const pods =
  (rows: PodRow[]) =>
  ({ namespace, text }: PodQuery): Promise<{ rows: PodRow[] }> =>
    Promise.resolve({
      rows: rows.filter(
        (one) =>
          one.namespace === namespace &&
          (one.name.includes(text ?? '') || one.workload.name.includes(text ?? '')),
      ),
    });

test('A workload is stood for by a pod of its own, not by one whose name only contains it', async () => {
  const found = await podsFor(
    end('web'),
    end('db'),
    pods([row('shop', 'web-admin-1', 'web-admin'), row('shop', 'web-1', 'web'), row('shop', 'db-1', 'db')]),
  );
  expect([found?.src.name, found?.dst.name]).toEqual(['web-1', 'db-1']);
});

test('Inside one workload two different pods are asked about, where there are two', async () => {
  const two = [row('shop', 'web-1', 'web'), row('shop', 'web-2', 'web')];
  const found = await podsFor(end('web'), end('web'), pods(two));
  expect([found?.src.name, found?.dst.name]).toEqual(['web-1', 'web-2']);
  const alone = await podsFor(end('web'), end('web'), pods(two.slice(0, 1)));
  expect([alone?.src.name, alone?.dst.name]).toEqual(['web-1', 'web-1']);
});

test('Pods of one name in two namespaces are two pods', async () => {
  const rows = [row('a', 'web-0', 'web'), row('b', 'web-0', 'web'), row('b', 'web-1', 'web')];
  const found = await podsFor(end('web', 'a'), end('web', 'b'), pods(rows));
  expect([found?.src.namespace, found?.dst.namespace, found?.dst.name]).toEqual(['a', 'b', 'web-0']);
});

test('A workload without a pod to be found gives no question', async () => {
  expect(await podsFor(end('web'), end('gone'), pods([row('shop', 'web-1', 'web')]))).toBeNull();
});
