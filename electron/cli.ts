/**
 * The terminal: `bulkhead audit`, `connections`, `verdicts`, `explain`, `snapshot`, `contexts`,
 * `logins`, `history`, `serve` and `rbac`. Results go to standard output, everything else to standard error. Each verb loads what it needs when it is called.
 *
 * Exit codes: 0 fine; 1 a finding as bad as --fail-on; 2 bad arguments, nothing readable, or a probe without an
 * answer; 3 something was left out (a list refused, a document not parsed, a policy that the API refuses), or the audit
 * could not be kept in the history.
 */
import { Command, CommanderError, Option } from 'commander';
import { SEVERITIES } from '../shared/audit/result.ts';
import { toStderr } from './worker/stderr.ts';
import type { AuditFlags } from './terminal/options.ts';
import { ASSUMPTION_HELP, assumptionsOf, sourcesOf } from './terminal/options.ts';
import { VERSION } from './version.ts';

const EXITS = `
Exit codes:
  0  fine
  1  a finding of the severity of --fail-on, or worse, exists
  2  bad arguments, nothing could be read, or a probe has no answer
  3  something was left out: a list could not be read, a document could not be parsed,
     a policy that the API would refuse takes no part, or the audit could not be kept
     in the history
`;

const SOURCES = `
Sources (one of them):
  --context NAME     a context of your kubeconfig ("bulkhead contexts" lists them)
  --kubeconfig FILE  the current context of that file, or with --context one of its others
  --from PATH…       manifests: folders, files, or - for standard input
  --snapshot FILE    what "bulkhead snapshot" saved
  --demo             the built-in demo cluster
`;

function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

function language(): Option {
  return new Option('--lang <language>', 'language of texts').choices(['en', 'ko']).default('en');
}

/** Options that say where to read. */
function withSource(command: Command): Command {
  return command
    .option('--context <name>', 'kubeconfig context (may repeat where the command allows)', collect)
    .option('--kubeconfig <file>', 'kubeconfig file in place of the usual ones (may repeat)', collect)
    .option('--namespace <name>', 'only this namespace of the context (may repeat)', collect)
    .option('--allow-exec', 'run the login programs of --kubeconfig files without asking')
    .option(
      '--insecure-token <context>',
      'send the credentials of this context over plain http too (may repeat)',
      collect,
    )
    .option('--from <path...>', 'manifest folders or files; - is standard input')
    .option('--snapshot <file>', 'snapshot file')
    .option('--demo', 'built-in demo cluster')
    .option('--assume <name=value>', `assumption to evaluate with (may repeat): ${ASSUMPTION_HELP}`, collect);
}

/** Options of every verb that evaluates. */
function withAudit(command: Command): Command {
  return withSource(command)
    .option(
      '--render',
      'render kustomizations and Helm charts of --from with your kubectl, kustomize or helm',
    )
    .option('--render-remote', 'with --render: fetch the remote bases that kustomizations name')
    .option('--time <iso>', 'time to stamp the result with, so that it can be reproduced byte for byte')
    .addOption(language())
    .addHelpText('after', SOURCES + EXITS);
}

function format(choices: readonly string[]): Option {
  return new Option('--format <format>', 'form of the result').choices(choices).default(choices[0]);
}

function out(): Option {
  return new Option('--out <path>', 'file to write, whole or not at all (standard output when absent)');
}

/** The command line as commander sees it; `run` gets each verb's exit code. */
export function program(run: (work: () => Promise<number>) => Promise<void>): Command {
  const root = new Command('bulkhead')
    .description(
      'Says what NetworkPolicy really permits in a Kubernetes cluster. Reads clusters, never writes to them.',
    )
    .version(VERSION, '-V, --version')
    .showHelpAfterError('(--help says more)')
    .exitOverride()
    // Arguments may come from a script that had them from anywhere.
    .configureOutput({ writeErr: toStderr });

  withAudit(root.command('audit'))
    .description('Audit a cluster: isolation, open egress, findings')
    .addOption(format(['text', 'json', 'csv', 'pdf']))
    .addOption(out())
    .option('--history <file>', 'history to keep the audit in (the usual one when absent)')
    .option('--no-history', 'do not keep the audit')
    .addOption(
      new Option('--fail-on <severity>', 'exit 1 when such a finding, or a worse one, exists').choices(
        SEVERITIES,
      ),
    )
    .action((flags) => run(async () => (await import('./terminal/verbs.ts')).audit(flags)));

  withAudit(root.command('connections'))
    .description('List what is permitted between pods or workloads, and with addresses outside')
    .addOption(
      new Option('--endpoints <kind>', 'what an end is').choices(['pods', 'workloads']).default('pods'),
    )
    .addOption(format(['json', 'csv', 'text']))
    .addOption(out())
    .action((flags) => run(async () => (await import('./terminal/verbs.ts')).connections(flags)));

  withAudit(root.command('verdicts'))
    .description('Answer a list of connections: permitted, denied or depends, with reasons')
    .requiredOption(
      '--probes <file>',
      'JSON list of {"src": {"namespace", "pod"} | {"ip"}, "dst": …, "protocol", "port"}; - is standard input',
    )
    .addOption(out())
    .action((flags) => run(async () => (await import('./terminal/verbs.ts')).verdicts(flags)));

  withAudit(root.command('explain'))
    .description('Say why a connection is permitted or denied, or what is permitted between two ends')
    .requiredOption('--src <end>', 'source: NAMESPACE/POD, NAMESPACE/Kind/name or an address')
    .requiredOption('--dst <end>', 'destination, likewise')
    .option('--port <port>', 'protocol and port, for example TCP/5432; every port when absent')
    .addOption(new Option('--family <family>', 'address family, where it matters').choices(['IPv4', 'IPv6']))
    .addOption(format(['text', 'json']))
    .addOption(out())
    .action((flags) => run(async () => (await import('./terminal/verbs.ts')).explain(flags)));

  withAudit(root.command('snapshot'))
    .description('Save what was read of a cluster, without secrets, to audit it later')
    .requiredOption('--out <path>', 'file to write; compressed when it ends with .gz; - is standard output')
    .action((flags) => run(async () => (await import('./terminal/verbs.ts')).snapshot(flags)));

  root
    .command('contexts')
    .description('List the contexts of your kubeconfig, each with what keeps it from being used')
    .option('--kubeconfig <file>', 'kubeconfig file in place of the usual ones (may repeat)', collect)
    .addOption(format(['text', 'json']))
    .addOption(language())
    .action((flags) => run(async () => (await import('./terminal/contexts.ts')).contexts(flags)));

  const logins = root
    .command('logins')
    .description('Login programs of kubeconfigs that you have agreed to run');
  logins
    .command('list')
    .description('List them')
    .option('--history <file>', 'history beside which they are kept (the usual one when absent)')
    .addOption(format(['text', 'json']))
    .addOption(language())
    .action((flags) => run(async () => (await import('./terminal/logins.ts')).list(flags)));
  logins
    .command('revoke')
    .description('Take agreements back: you are asked again before such a program is run')
    .argument('<id...>', 'as the list names them')
    .option('--history <file>', 'history beside which they are kept (the usual one when absent)')
    .action((ids, flags) => run(async () => (await import('./terminal/logins.ts')).revoke(ids, flags)));

  const history = root.command('history').description('Audits that were kept');
  history
    .command('list')
    .description('List them, the newest first')
    .option('--history <file>', 'history file (the usual one when absent)')
    .addOption(format(['text', 'json']))
    .addOption(language())
    .action((flags) => run(async () => (await import('./terminal/history.ts')).list(flags)));
  history
    .command('show')
    .description('Report one of them again')
    .argument('<id>', 'its number in the list')
    .option('--history <file>', 'history file (the usual one when absent)')
    .addOption(format(['text', 'json', 'csv', 'pdf']))
    .addOption(out())
    .addOption(language())
    .action((id, flags) => run(async () => (await import('./terminal/history.ts')).show(id, flags)));

  history
    .command('delete')
    .description('Delete audits for good: the file holds nothing of them afterwards')
    .argument('<id...>', 'their numbers in the list')
    .option('--history <file>', 'history file (the usual one when absent)')
    .action((ids, flags) => run(async () => (await import('./terminal/history.ts')).remove(ids, flags)));
  history
    .command('prune')
    .description('Delete the audits that are too old or too many; with both options, what both say')
    .option('--older-than <age>', 'audits older than this: 90d, 12w, 1y')
    .option('--keep <number>', 'so many of the newest stay')
    .option('--dry-run', 'only say which')
    .option('--history <file>', 'history file (the usual one when absent)')
    .action((flags) => run(async () => (await import('./terminal/history.ts')).prune(flags)));
  history
    .command('backup')
    .description('Copy the history into a file, also while the app has it open')
    .argument('<file>', 'file to write, whole or not at all')
    .option('--history <file>', 'history file (the usual one when absent)')
    .action((file, flags) => run(async () => (await import('./terminal/history.ts')).backup(file, flags)));

  withSource(root.command('serve'))
    .description('Show the app in the browser, on this machine’s own address only')
    .option('--port <number>', 'port (a free one when absent)', '0')
    .option('--open', 'open the browser')
    .option('--history <file>', 'history file (the usual one when absent)')
    .addHelpText('after', SOURCES)
    .action((flags) => run(() => serve(flags)));

  root
    .command('rbac')
    .description('Print the ClusterRole that a full audit needs, for kubectl apply -f -')
    .option('--name <name>', 'name of the role')
    .action((flags: { name?: string }) =>
      run(async () => (await import('./terminal/rbac.ts')).rbac(flags.name)),
    );

  return root;
}

async function serve(
  flags: AuditFlags & { port: string; open?: boolean; history?: string },
): Promise<number> {
  const port = Number(flags.port);
  if (!/^\d{1,5}$/.test(flags.port) || port > 65535) {
    const { BackendError } = await import('./worker/errors.ts');
    throw new BackendError({ kind: 'bad-request', message: `--port ${flags.port}: a number up to 65535.` });
  }
  const named = [flags.context, flags.from, flags.snapshot, flags.demo].some((flag) => flag !== undefined);
  const { kubeconfig, ...rest } = flags;
  // Without a source the user chooses in the page; --kubeconfig alone says what there is to choose from.
  const source = named ? (sourcesOf(flags.context === undefined ? rest : flags)[0] ?? null) : null;
  const { runServe } = await import('./serve.ts');
  await runServe({
    source,
    kubeconfig: kubeconfig ?? [],
    insecureTokens: flags.insecureToken ?? [],
    allowExec: flags.allowExec === true,
    history: flags.history,
    assume: assumptionsOf(flags.assume),
    port,
    open: flags.open === true,
    say: (line) => toStderr(`${line}\n`),
  });
  return 0;
}

/** Runs a verb and sets the exit code; an error becomes a line on standard error and exit 2. */
async function run(work: () => Promise<number>): Promise<void> {
  // An idle worker keeps nothing alive: without this, Node would end while one is being waited for.
  const alive = setInterval(() => undefined, 60_000);
  try {
    process.exitCode = await work();
  } catch (thrown) {
    if (process.exitCode === 130) return;
    const { errorText } = await import('./terminal/session.ts');
    toStderr(`${errorText(thrown)}\n`);
    process.exitCode = 2;
  } finally {
    clearInterval(alive);
  }
}

/**
 * The whole program.
 * @param argv as process.argv
 */
export async function main(argv: readonly string[]): Promise<void> {
  // Who reads through a pipe may stop when they have seen enough: that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw error;
  });
  try {
    await program(run).parseAsync(argv);
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    // Help and version end well; anything else that commander refuses is a bad argument, said already.
    process.exitCode = thrown.exitCode === 0 ? 0 : 2;
  }
}

await main(process.argv);
