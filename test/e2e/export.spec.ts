import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLUSTER, STATES } from './cluster.ts';
import { expect, test } from './fixture.ts';
import { pdfText } from './pdf.ts';

test.describe('Reports', () => {
  test('as PDF and CSV are saved from the window and hold the pods of the audit', async ({ app }) => {
    const file = join(app.folder, 'cluster.yaml');
    writeFileSync(file, CLUSTER);
    await app.start({ args: ['--from', file] });
    await app.audited();

    const pdf = await app.exportFile('export-pdf', 'report.pdf');
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    const text = await pdfText(pdf);
    for (const name of ['legacy', 'cms-worker', 'mailer']) expect(text).toContain(name);

    const csv = (await app.exportFile('export-csv', 'report.csv')).toString('utf8');
    for (const [pod] of Object.entries(STATES)) {
      const [namespace, name] = pod.split('/') as [string, string];
      expect(csv).toMatch(new RegExp(`^[^\\n]*${namespace},[^\\n]*${name}`, 'm'));
    }

    const json = JSON.parse((await app.exportFile('export-json', 'report.json')).toString('utf8')) as {
      pods: { namespace: string; name: string; ingress: string; egress: string }[];
    };
    expect(
      Object.fromEntries(json.pods.map((pod) => [`${pod.namespace}/${pod.name}`, [pod.ingress, pod.egress]])),
    ).toEqual(Object.fromEntries(Object.entries(STATES).map(([pod, s]) => [pod, [s.ingress, s.egress]])));
  });

  test('in Korean carry Korean text', async ({ app }) => {
    const page = await app.start({ args: ['--demo'] });
    await app.audited();
    await page.getByTestId('lang-select').selectOption('ko');
    const text = await pdfText(await app.exportFile('export-pdf', '보고서.pdf'));
    expect(text).toMatch(/[가-힣]{2}/);
  });

  test('a saved snapshot opens again with the same figures', async ({ app }) => {
    await app.start({ args: ['--demo'] });
    await app.audited();
    const pods = await app.value('isolation-pods');
    const both = await app.value('isolation-both');
    const file = join(app.folder, 'again.json');
    writeFileSync(file, await app.exportFile('export-snapshot', 'demo.snapshot.json'));
    await app.start({ args: ['--snapshot', file] });
    await app.audited();
    expect(await app.value('isolation-pods')).toBe(pods);
    expect(await app.value('isolation-both')).toBe(both);
  });
});

test.describe('The menu of the desktop', () => {
  test('leads to the history, to a new audit and to the reports', async ({ app }) => {
    const page = await app.start({ args: ['--demo'] });
    await app.audited();
    // A browser tab has no menu of ours: the same ways are there as buttons.
    const choose = async (id: string, testId: string): Promise<void> => {
      if (app.backend === 'electron') await app.menu(id);
      else await page.getByTestId(testId).click();
    };
    await choose('history', 'nav-history');
    await expect(page.getByTestId('app')).toHaveAttribute('data-view', 'history');
    await choose('new-audit', 'new-audit');
    await expect(page.getByTestId('app')).toHaveAttribute('data-view', 'start');
  });
});
