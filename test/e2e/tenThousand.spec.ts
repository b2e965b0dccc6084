import Database from 'better-sqlite3';
import { csvParse } from 'd3';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { fromRoot } from '../../build/paths.mjs';
import { TestApiServer } from '../apiserver/server.ts';
import { expect, test } from './fixture.ts';
import { pdfText } from './pdf.ts';
import { CELLS, LISTED, PROBES, team, tenThousand, TOTALS } from './tenThousand.ts';

const run = promisify(execFile);

test('10,000 pods in at least 20 pages: window, PDF, CSV, history and verdicts agree with the closed form', async ({
  app,
}) => {
  test.setTimeout(240_000);
  const server = await TestApiServer.start({ store: tenThousand(), version: 'v1.33.2' });
  try {
    const kubeconfig = join(app.folder, 'kubeconfig');
    writeFileSync(kubeconfig, server.kubeconfig({ token: 'admin-token' }, {}, { context: 'big' }), {
      mode: 0o600,
    });
    const page = await app.start({ args: ['--kubeconfig', kubeconfig, '--context', 'big'] });
    await expect(page.getByTestId('overview')).toBeVisible({ timeout: 120_000 });

    await test.step('the pages of the list', async () => {
      const lists = server.requests.filter(
        ({ resource, verb, namespace }) => resource === 'pods' && verb === 'list' && namespace === null,
      );
      expect(LISTED).toBeGreaterThanOrEqual(10_000);
      expect(lists.length).toBeGreaterThanOrEqual(20);
      expect(new Set(lists.map(({ query }) => query)).size).toBe(lists.length);
      expect(server.requests.every(({ method }) => method === 'GET')).toBe(true);
    });

    await test.step('the window', async () => {
      await expect(page.getByTestId('enforcement-card')).toHaveAttribute('data-plugin', 'calico');
      await expect(page.getByTestId('enforcement-card')).toHaveAttribute('data-ingress', 'yes');
      await expect(page.getByTestId('coverage-card')).toHaveAttribute('data-complete', 'true');
      const shown: [string, number][] = [
        ['isolation-pods', TOTALS.pods],
        ['isolation-both', TOTALS.both],
        ['isolation-ingress', TOTALS.ingressOnly],
        ['isolation-egress', TOTALS.egressOnly],
        ['isolation-none', TOTALS.none],
        ['isolation-not-isolatable', TOTALS.notIsolatable],
        ['isolation-unknown', TOTALS.unknown],
        ['egress-anywhere', TOTALS.egressAnywhere],
        ['egress-anywhere-some-ports', TOTALS.egressAnywhereSomePorts],
        ['egress-ranges', TOTALS.egressRanges],
        ['egress-depends', TOTALS.egressDepends],
        ['egress-none', TOTALS.egressNone],
      ];
      for (const [id, figure] of shown) {
        await expect(page.getByTestId(id), id).toHaveAttribute('data-value', String(figure));
      }
      await page.getByTestId('nav-pods').click();
      await expect(page.getByTestId('pods-total')).toHaveAttribute('data-value', String(TOTALS.pods));
      await page.getByTestId('nav-heatmap').click();
      // Rows and columns by name: kube-system, then the teams.
      for (const { src, dst, pairs, permitted } of CELLS) {
        const [row, col] = [src, dst].map((name) => 1 + Number(name.slice(-2)));
        const cell = page.locator(`[data-testid="heatmap-cell"][data-row="${row}"][data-col="${col}"]`);
        await expect(cell, `${src} to ${dst}`).toHaveAttribute('data-pairs', String(pairs));
        await expect(cell, `${src} to ${dst}`).toHaveAttribute('data-permitted', String(permitted));
      }
    });

    await test.step('the PDF', async () => {
      const text = await pdfText(await app.exportFile('export-pdf', 'big.pdf'));
      const figures = [
        TOTALS.pods,
        TOTALS.both,
        TOTALS.ingressOnly,
        TOTALS.none,
        TOTALS.notIsolatable,
        TOTALS.egressAnywhere,
        TOTALS.egressRanges,
      ];
      for (const figure of figures) expect(text).toMatch(new RegExp(`(^|\\D)${grouped(figure)}(\\D|$)`));
      expect(text).toContain(team(39));
    });

    await test.step('the CSV', async () => {
      const csv = (await app.exportFile('export-csv', 'big.csv')).toString('utf8').replace(/^\ufeff/, '');
      const rows = csvParse(csv);
      expect(rows).toHaveLength(TOTALS.pods);
      const tally = (key: (row: Record<string, string | undefined>) => string): Record<string, number> => {
        const counts: Record<string, number> = {};
        for (const row of rows) counts[key(row)] = (counts[key(row)] ?? 0) + 1;
        return counts;
      };
      expect(tally((row) => `${row['ingress']}, ${row['egress']}`)).toEqual({
        'isolated, isolated': TOTALS.both,
        'isolated, open': TOTALS.ingressOnly,
        'open, isolated': TOTALS.egressOnly,
        'open, open': TOTALS.none,
        'not-isolatable, not-isolatable': TOTALS.notIsolatable,
      });
      expect(tally((row) => String(row['open_egress']))).toEqual({
        anywhere: TOTALS.egressAnywhere,
        'anywhere-some-ports': TOTALS.egressAnywhereSomePorts,
        ranges: TOTALS.egressRanges,
        none: TOTALS.egressNone,
      });
    });

    await test.step('the row of the history, and its snapshot', async () => {
      const db = new Database(app.historyFile, { readonly: true });
      const row = db
        .prepare(
          `SELECT cluster, source, server, pods, isolated_both, ingress_only, egress_only, not_isolated,
             not_isolatable, unknown, egress_anywhere, egress_anywhere_some_ports, egress_ranges, egress_depends,
             egress_none, complete FROM audits`,
        )
        .all();
      expect(row).toEqual([
        {
          cluster: 'big',
          source: 'context',
          server: server.url,
          pods: TOTALS.pods,
          isolated_both: TOTALS.both,
          ingress_only: TOTALS.ingressOnly,
          egress_only: TOTALS.egressOnly,
          not_isolated: TOTALS.none,
          not_isolatable: TOTALS.notIsolatable,
          unknown: TOTALS.unknown,
          egress_anywhere: TOTALS.egressAnywhere,
          egress_anywhere_some_ports: TOTALS.egressAnywhereSomePorts,
          egress_ranges: TOTALS.egressRanges,
          egress_depends: TOTALS.egressDepends,
          egress_none: TOTALS.egressNone,
          complete: 1,
        },
      ]);
      const snapshot = gunzipSync(db.prepare('SELECT gzip FROM snapshots').pluck().get() as Buffer).toString(
        'utf8',
      );
      db.close();
      expect(snapshot).not.toContain('never-in-a-snapshot');
      expect(snapshot).not.toContain('admin-token');
      const { policies, pods } = JSON.parse(snapshot) as { policies: unknown[]; pods: unknown[] };
      expect(policies).toHaveLength(TOTALS.policies);
      expect(pods).toHaveLength(LISTED);
    });

    await test.step('verdicts of the terminal', async () => {
      const probes = join(app.folder, 'probes.json');
      writeFileSync(probes, JSON.stringify(PROBES.map(({ probe }) => probe)));
      const { stdout } = await run(
        process.execPath,
        [
          fromRoot('dist/electron/cli.js'),
          ...['verdicts', '--kubeconfig', kubeconfig, '--context', 'big', '--probes', probes],
        ],
        { maxBuffer: 64 * 1024 * 1024 },
      );
      const answers = JSON.parse(stdout) as { verdict: string }[];
      expect(answers.map(({ verdict }, i) => ({ ...PROBES[i]?.probe, verdict }))).toEqual(
        PROBES.map(({ probe, verdict }) => ({ ...probe, verdict })),
      );
    });
  } finally {
    await server.close();
  }
});

/** A figure as reports write it: thousands may be grouped. */
function grouped(figure: number): string {
  return String(figure).replace(/\B(?=(\d{3})+$)/g, ',?');
}
