import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { passwordSeedIn } from '../../agent/password-seed.ts';
import { parseConfig, rejected } from '../../config/parse.ts';
import { BerthError } from '../../core/errors.ts';
import type { SkippedStep } from '../../core/plan.ts';
import { treePorts } from '../../host/host-ports.ts';
import { type HostOutcome, HostReconciler } from '../../host/host-reconciler.ts';
import { skippedInTree } from '../../host/plan.ts';
import type { Cli } from '../context.ts';
import { renderDiagnostics, summarizeDiagnostics } from '../diagnostics.ts';
import { readConfigTexts } from '../files.ts';
import { localFilesOf } from '../local-files-directory.ts';

/**
 * `berth apply --root DIR --only host FILE…`: makes of a directory tree what the configs ask of a host, without an agent. What
 * needs a running system is left for its boot. Exit code 1 when something else was not done. Throws USAGE.
 */
export async function applyTree(cli: Cli, root: string, paths: readonly string[]): Promise<number> {
  const { context, flags, style } = cli;
  if (flags.only !== 'host' || paths.length === 0) {
    throw new BerthError('USAGE', '--root takes config files, and --only host: a directory tree has no services', {
      hint: `${context.program} apply --root DIR --only host config.ign`,
    });
  }
  const files = await readConfigTexts(paths, context);
  const options = { localFiles: localFilesOf(cli) };
  const { config: unsealed, diagnostics } = parseConfig(files, options);
  if (diagnostics.length > 0 && flags.json !== true) {
    context.stderr.write(`${renderDiagnostics(diagnostics, files, style)}\n`);
  }
  if (files.some(({ file }) => rejected(diagnostics, file))) {
    if (flags.json === true) cli.printJson({ outcome: 'rejected', diagnostics });
    else context.stderr.write(`nothing was changed: ${summarizeDiagnostics(diagnostics)}\n`);
    return 1;
  }
  const ports = treePorts(resolve(context.cwd, root));
  const stored = Buffer.from((await ports.files.read(seedPath)) ?? []).toString('utf8');
  const { seed, isNew } = passwordSeedIn(stored);
  const { config } = parseConfig(files, { ...options, passwordSeed: seed });
  // It is of use for clear-text passwords only.
  if (isNew && !isDeepStrictEqual(config, unsealed))
    await ports.files.write(seedPath, Buffer.from(`${seed}\n`), { mode: 0o600, uid: 0, gid: 0 });
  const reconciler = new HostReconciler({
    ports,
    clock: context.clock,
    recorder: { record: () => undefined },
  });
  const outcome = await reconciler.reconcile(config, { phase: 'all', firstApply: true, tree: true }, context.signal);
  const skipped = skippedInTree(config);
  if (flags.json === true) cli.printJson({ ...shown(outcome), skipped, diagnostics });
  else cli.print(render(outcome, skipped));
  return isDone(outcome) ? 0 : 1;
}

/** Where the host will look for it, so that it makes the same hashes of the same passwords. */
const seedPath = '/var/lib/berth/password-seed';

function isDone({ failed, blocked, left }: HostOutcome): boolean {
  return failed.length + left.length + blocked.filter(({ until }) => until !== 'boot').length === 0;
}

function shown(outcome: HostOutcome): object {
  return {
    outcome: isDone(outcome) ? 'done' : 'not-done',
    done: outcome.done.map(({ summary }) => summary),
    failed: outcome.failed.map(({ step, error }) => ({ key: step.key, summary: step.summary, error })),
    blocked: outcome.blocked,
  };
}

function render(outcome: HostOutcome, skipped: readonly SkippedStep[]): string {
  const lines = [
    ...outcome.done.map(({ summary }) => `done     ${summary}`),
    ...outcome.failed.map(({ step, error }) => `failed   ${step.summary}: ${error}`),
    ...outcome.blocked.map(({ key, why, hint }) => `not done ${key}: ${why}${hint === undefined ? '' : ` (${hint})`}`),
    ...skipped.map(({ key, why }) => `skipped  ${key}: ${why}`),
  ];
  return `${[...lines, isDone(outcome) ? 'The tree is as declared.' : 'The tree is not as declared.'].join('\n')}\n`;
}
