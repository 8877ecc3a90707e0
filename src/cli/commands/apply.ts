import type { ApplyOptions, ApplyRequest } from '../../agent/agent-service.ts';
import type { ApplyEvent } from '../../agent/model.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { BerthError, isBerthError } from '../../core/errors.ts';
import type { KeyOutcome, KeyReport } from '../../core/plan.ts';
import type { Cli, Command, Flags } from '../context.ts';
import { renderDiagnostics, summarizeDiagnostics } from '../diagnostics.ts';
import { Progress } from '../progress.ts';
import { renderServices } from '../status-text.ts';
import type { Style } from '../style.ts';
import { table } from '../text.ts';
import { run as plan, readRequest, showPlan } from './plan.ts';

type ResultEvent = Extract<ApplyEvent, { kind: 'result' }>;

/** `berth apply`: declares configs (or an earlier generation) and shows the host becoming it. Exit code 1 when it did not. */
export const run: Command = async (cli, paths) => {
  const { root, only, filesDir, dryRun } = cli.flags;
  if (root !== undefined) return (await import('./apply-tree.ts')).applyTree(cli, root, paths);
  if (only !== undefined) throw new BerthError('USAGE', '--only is for a directory tree, named with --root');
  if (filesDir !== undefined) {
    throw new BerthError(
      'USAGE',
      '--files-dir is for a directory tree, named with --root: an agent has no local files',
      {
        hint: `${cli.context.program} convert --to ignition --files-dir ${filesDir} FILE writes a config with all of them in it`,
      },
    );
  }
  return dryRun === true ? plan(cli, paths) : apply(cli, await readRequest(cli, paths));
};

/**
 * Applies a request and shows everything about it; without the services when a whole status follows anyway.
 * @returns the exit code.
 */
export async function apply(cli: Cli, request: ApplyRequest, showServices = true): Promise<number> {
  const { flags, client, context, operator } = cli;
  const options = {
    ...operator,
    timeoutMs: (flags.timeout ?? 300) * 1000,
    wait: flags.wait !== false,
    ...destroyOf(flags),
  };
  const view = flags.json === true ? new JsonView(cli) : new TextView(cli, request, showServices);
  try {
    await client.apply(request, options, (event) => view.show(event), context.signal);
  } catch (error) {
    view.end();
    if (flags.json === true || !showInvalidConfig(cli, request, error)) throw error;
    return 1;
  }
  view.end();
  if (view.result === undefined) {
    context.stderr.write('stopped watching: the host goes on becoming what was declared (berth status)\n');
    return 1;
  }
  return view.result.outcome === 'converged' ? 0 : 1;
}

function destroyOf({ destroy }: Flags): Pick<ApplyOptions, 'destroy'> {
  return destroy === undefined ? {} : { destroy };
}

class JsonView {
  result: ResultEvent | undefined;
  readonly #cli: Cli;

  constructor(cli: Cli) {
    this.#cli = cli;
  }

  show(event: ApplyEvent): void {
    if (event.kind === 'result') this.result = event;
    this.#cli.context.stdout.write(`${JSON.stringify(event)}\n`);
  }

  end(): void {
    // Every event has been printed as it came.
  }
}

class TextView {
  result: ResultEvent | undefined;
  readonly #cli: Cli;
  readonly #request: ApplyRequest;
  readonly #showServices: boolean;
  readonly #progress: Progress;

  constructor(cli: Cli, request: ApplyRequest, showServices: boolean) {
    this.#cli = cli;
    this.#request = request;
    this.#showServices = showServices;
    this.#progress = new Progress(cli.context.stdout, cli.style, () => cli.context.clock.now());
  }

  show(event: ApplyEvent): void {
    switch (event.kind) {
      case 'plan':
        showPlan(this.#cli, event.plan, this.#request);
        if (event.plan.steps.length > 0) {
          this.#cli.print('\n');
          this.#progress.begin(event.plan.steps);
        }
        return;
      case 'step-started':
        this.#progress.stepStarted(event.step);
        return;
      case 'step-progress':
        this.#progress.stepProgress(event.id, event.fraction);
        return;
      case 'step-done':
        this.#progress.stepDone(event.id, event.durationMs);
        return;
      case 'step-failed':
        this.#progress.stepFailed(event.id, event.error, event.retryAt);
        return;
      case 'result':
        this.#progress.end();
        this.result = event;
        this.#cli.print(`\n${renderResult(event, this.#cli, this.#showServices)}`);
    }
  }

  end(): void {
    this.#progress.end();
  }
}

function renderResult({ outcome, keys, services, generation }: ResultEvent, cli: Cli, showServices: boolean): string {
  const { style, context } = cli;
  const parts: string[] = [];
  const keyText = renderKeys(keys, style);
  if (keyText !== '') parts.push(keyText);
  if (showServices && services.length > 0) parts.push(renderServices(services, context.clock.now(), style));
  parts.push(
    outcome === 'converged'
      ? `${style.good('Done:')} the host is as declared (generation ${generation}).`
      : `${style.bad('Not done:')} generation ${generation} is declared, but not everything is as it should be. Berth keeps trying.\n  hint: ${context.program} why NAME tells more, ${context.program} logs NAME shows its output`,
  );
  return parts.join('\n\n');
}

/** A line for every key that changed or needs a look, one for all that did not. */
function renderKeys(keys: readonly KeyReport[], style: Style): string {
  const paints: Readonly<Record<KeyOutcome, (text: string) => string>> = {
    changed: style.good,
    unchanged: style.dim,
    failed: style.bad,
    skipped: style.dim,
    pending: style.busy,
  };
  const order: readonly KeyOutcome[] = ['failed', 'pending', 'changed', 'skipped'];
  const rows = order.flatMap((outcome) =>
    keys
      .filter((key) => key.outcome === outcome)
      .map(({ key, why }) => [paints[outcome](outcome), key, style.dim(why ?? '')]),
  );
  const unchanged = keys.filter(({ outcome }) => outcome === 'unchanged').map(({ key }) => key);
  if (unchanged.length > 0) rows.push([style.dim('unchanged'), unchanged.join(', '), '']);
  return rows.length === 0 ? '' : table(['RESULT', 'KEY', 'WHY'], rows);
}

/** A refused config comes with its diagnostics. @returns false when the error is another one. */
function showInvalidConfig(cli: Cli, request: ApplyRequest, error: unknown): boolean {
  const diagnostics = isBerthError(error, 'CONFIG_INVALID') ? error.details['diagnostics'] : undefined;
  if (!Array.isArray(diagnostics) || !('files' in request)) return false;
  const list = diagnostics as Diagnostic[];
  cli.context.stderr.write(
    `${renderDiagnostics(list, request.files, cli.style)}\nnothing was changed: ${summarizeDiagnostics(list)}\n`,
  );
  return true;
}
