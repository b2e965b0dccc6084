/**
 * The test API server in a process of its own: `node test/apiserver/main.ts --pods 10000 --namespaces 40
 * --kubeconfig FILE`, with `--fault '{"on": "/pods?", "trouble": {"kind": "retry-after", "seconds": 86400}}'` as often
 * as wanted (`Trouble` in server.ts, attacks.ts). Prints one line of JSON when it listens, and ends with its standard input.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { generatedStore } from './generate.ts';
import { TestApiServer } from './server.ts';
import type { Fault } from './server.ts';

const { values } = parseArgs({
  options: {
    pods: { type: 'string', default: '1000' },
    namespaces: { type: 'string', default: '10' },
    kubeconfig: { type: 'string' },
    version: { type: 'string', default: 'v1.36.1' },
    fault: { type: 'string', multiple: true, default: [] },
  },
});

const server = await TestApiServer.start({
  store: generatedStore({ pods: Number(values.pods), namespaces: Number(values.namespaces) }),
  version: values.version,
});
for (const fault of values.fault) server.faults.push(JSON.parse(fault) as Fault);
if (values.kubeconfig) writeFileSync(values.kubeconfig, server.kubeconfig(), { mode: 0o600 });
process.stdout.write(`${JSON.stringify({ url: server.url, kubeconfig: values.kubeconfig ?? null })}\n`);
process.stdin.resume();
process.stdin.on('end', () => void server.close().then(() => process.exit(0)));
