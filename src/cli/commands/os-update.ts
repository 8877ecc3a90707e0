import { basename } from 'node:path';
import type { PlannedStep } from '../../agent/model.ts';
import type { UpdateOptions } from '../../agent/update-service.ts';
import { BerthError } from '../../core/errors.ts';
import { describeReason } from '../../core/plan.ts';
import { shownSize } from '../../core/shown-size.ts';
import { stagingOf } from '../../update/machine/update-plan.ts';
import type { UpdateStateKind } from '../../update/machine/update-state.ts';
import type { UpdateEventLine, UpdateOffer, UpdateStatus } from '../../update/machine/update-status.ts';
import { placeOf } from '../../update/tuf/open-source.ts';
import type { Cli, Command } from '../context.ts';
import { withSigns } from '../phases.ts';
import { Progress } from '../progress.ts';
import type { Style } from '../style.ts';
import { formatDuration, table } from '../text.ts';
import { agentCommand } from '../typed-here.ts';

type Done = Extract<UpdateEventLine, { kind: 'done' }>;

/** `berth os check`: exit code 3 with `--detailed-exitcode` when a release is offered. */
export const check: Command = async (cli) => {
  const found = await cli.client.updates.lookForUpdate(updateOptions(cli.flags, cli.context.cwd), cli.operator);
  const offer = cli.flags.stageOnly === true ? { ...found, steps: stagingOf(found.steps) } : found;
  if (cli.flags.json === true) cli.printJson(offer);
  else cli.print(renderOffer(offer, cli.style));
  return cli.flags.detailedExitcode === true && offer.target !== null ? 3 : 0;
};

/** `berth os update`: takes what is offered and restarts into it; with `--plan` says what that would do. */
export const update: Command = async (cli, args) => {
  if (cli.flags.plan === true) return check(cli, args);
  const view = cli.flags.json === true ? undefined : new UpdateView(cli);
  let done: Done | undefined;
  try {
    const options = { ...updateOptions(cli.flags, cli.context.cwd), stageOnly: cli.flags.stageOnly === true };
    await cli.client.updates.updateOs(
      options,
      cli.operator,
      (line) => {
        if (line.kind === 'done') done = line;
        if (view === undefined) cli.context.stdout.write(`${JSON.stringify(line)}\n`);
        else view.show(line);
      },
      cli.context.signal,
    );
  } finally {
    view?.end();
  }
  if (done === undefined) {
    cli.context.stderr.write(`stopped watching: the update goes on (${typed(cli, 'os status')})\n`);
    return 1;
  }
  if (view !== undefined) cli.print(renderDone(done, cli.style));
  return 0;
};

/** `berth os cancel`: exit code 1 when there was nothing to cancel. */
export const cancel: Command = async (cli) => {
  const result = await cli.client.updates.cancelUpdate(cli.operator);
  if (cli.flags.json === true) cli.printJson(result);
  else if (result.cancelled) {
    const { nextLook } = await cli.client.updates.updateStatus();
    const inMs = nextLook === null ? undefined : Date.parse(nextLook) - cli.context.clock.now();
    cli.print(renderCancelled(inMs, typed(cli, 'os pin')));
  } else if (result.permitGoesBack)
    cli.print('The permit goes back: other hosts may restart into the release that failed here.');
  else cli.print('There is no update to cancel.');
  return result.cancelled || result.permitGoesBack ? 0 : 1;
};

/** `berth os pin`. */
export const pin: Command = async (cli, [version]) => {
  const { until } = cli.flags;
  if (version === undefined && until === undefined)
    throw new BerthError('USAGE', 'what is this host pinned to? Give a version such as 1.2, or --until');
  const pinned = { ...(version === undefined ? {} : { version }), ...(until === undefined ? {} : { untilMs: until }) };
  return showPin(cli, pinned);
};

/** `berth os unpin`. */
export const unpin: Command = async (cli) => showPin(cli, {});

/** `berth os verify`: exit code 1 when something differs. */
export const verify: Command = async (cli) => {
  const { version, device, blocks, differs, unknown, ...rest } = await withSigns(cli, 'reading the slot', async () =>
    cli.client.updates.verifyOs(),
  );
  const isWhole = differs.length === 0 && unknown.length === 0;
  if (cli.flags.json === true) cli.printJson({ version, device, blocks, ...rest, isWhole, differs, unknown });
  else if (isWhole)
    cli.print(`${version} on ${device} is ${cli.style.good('whole')}: ${blocks} blocks are as released`);
  else {
    const row = (what: string) => (range: { block: number; blocks: number }) => [
      String(range.block),
      String(range.blocks),
      what,
    ];
    const rows = [...differs.map(row('differs')), ...unknown.map(row('cannot be checked: its hashes differ'))];
    cli.print(`${version} on ${device} is ${cli.style.bad('damaged')}:\n\n${table(['BLOCK', 'BLOCKS', 'WHAT'], rows)}`);
  }
  return isWhole ? 0 : 1;
};

async function showPin(cli: Cli, wanted: { readonly version?: string; readonly untilMs?: number }): Promise<number> {
  const { pin: now, state, version: waiting } = await cli.client.updates.pinUpdates(wanted, cli.operator);
  if (cli.flags.json === true) cli.printJson(now);
  else if (now.version === null && now.until === null) cli.print('This host takes whatever its channel offers.');
  else {
    const version = now.version === null ? 'what is offered' : now.version;
    cli.print(`This host takes ${version}${now.until === null ? '' : `, nothing before ${now.until}`}.`);
    if (state === 'staged' && now.until !== null)
      cli.print(`${waiting} is staged already: the next restart boots it. "${typed(cli, 'os cancel')}" drops it.`);
  }
  return 0;
}

function typed({ context, flags }: Cli, command: string): string {
  return agentCommand(context.program, flags.vm, command);
}

/** Which release, and from where. Throws USAGE for a place that no host could find. */
export function updateOptions({ to, from, vm }: Pick<Cli['flags'], 'to' | 'from' | 'vm'>, cwd: string): UpdateOptions {
  const place = from === undefined ? undefined : placeOf(from, cwd);
  if (from !== undefined && place?.kind !== 'server' && vm !== undefined && !from.startsWith('/'))
    throw new BerthError('USAGE', `--from ${from}: with --vm, a path is one of the host, and begins with /`, {
      hint: `scp brings a file there: --from /home/USER/${basename(from)}`,
    });
  return {
    ...(to === undefined ? {} : { to }),
    // The agent has another working directory.
    ...(place === undefined ? {} : { from: place.kind === 'server' ? place.url : place.path }),
  };
}

/** What a repository has for the host, and what it would do. Pure. */
export function renderOffer({ target, outcome, warnings, steps }: UpdateOffer, style: Style): string {
  const rows = steps.map(({ summary, cost, reason }) => [summary, cost, style.dim(describeReason(reason))]);
  return [
    target === null ? `No release to take: ${outcome}.` : `${style.bold(outcome)}.`,
    ...(rows.length === 0 ? [] : [table(['STEP', 'COST', 'WHY'], rows)]),
    ...warnings.map((warning) => style.warn(warning)),
  ].join('\n\n');
}

function renderDone({ outcome, version, why, bytesFetched, detours, images }: Done, style: Style): string {
  const fetched = `${shownSize(bytesFetched)} were fetched for its slot`;
  const text = {
    none: `Nothing to do: ${why}.`,
    staged: `${style.good(`${version ?? ''} is staged`)}: the next restart boots it. ${fetched}.`,
    restarting: `${style.good(`${version ?? ''} is staged`)}, the host restarts into it. ${fetched}.`,
  }[outcome];
  const carried = images.length === 0 ? [] : [`Service images that came along are on the host: ${images.join(', ')}.`];
  return [text, ...carried, ...detours.map((detour) => style.warn(detour))].join('\n');
}

const titles: Readonly<Partial<Record<UpdateStateKind, string>>> = {
  looking: 'look for a release',
  clearing: 'free the other slot',
  writing: 'write the slot',
  placing: 'write the kernel',
  activating: 'let the boot loader take it next',
};

/** Shows the states of an update as steps. */
class UpdateView {
  readonly #cli: Cli;
  readonly #progress: Progress;
  #step: { readonly id: UpdateStateKind; readonly startedAt: number } | undefined;

  constructor(cli: Cli) {
    this.#cli = cli;
    this.#progress = new Progress(cli.context.stdout, cli.style, () => cli.context.clock.now());
    this.#progress.begin([]);
  }

  show(line: UpdateEventLine): void {
    if (line.kind === 'progress') {
      const { bytesWritten, total } = line.progress;
      if (this.#step !== undefined) this.#progress.stepProgress(this.#step.id, bytesWritten / total);
      return;
    }
    this.#endStep();
    if (line.kind === 'done') return;
    const title = titles[line.state];
    if (title === undefined) return;
    this.#step = { id: line.state, startedAt: this.#cli.context.clock.now() };
    this.#progress.stepStarted(stepOf(line.state, line.version === null ? title : `${title}: ${line.version}`));
  }

  end(): void {
    this.#progress.end();
  }

  #endStep(): void {
    if (this.#step === undefined) return;
    this.#progress.stepDone(this.#step.id, this.#cli.context.clock.now() - this.#step.startedAt);
    this.#step = undefined;
  }
}

function stepOf(id: UpdateStateKind, summary: string): PlannedStep {
  return { id, kind: id, subject: 'os', cost: 'live', summary, reasons: [], after: [], waitsFor: [] };
}

/** What was cancelled is offered again: whoever meant more than this one time has to say so. Pure. */
function renderCancelled(nextLookInMs: number | undefined, pinCommand: string): string {
  const done = 'The update is cancelled; the running release boots next.';
  if (nextLookInMs === undefined) return done;
  return `${done}\nThe next look, ${tellIn(nextLookInMs)}, may bring it again: "${pinCommand}" keeps this host from taking it.`;
}

function tellIn(inMs: number): string {
  return inMs <= 0 ? 'any moment now' : `in ${formatDuration(inMs)}`;
}

/** States in which a look is under way, with what follows from it. */
const underWay: ReadonlySet<UpdateStateKind> = new Set(['looking', 'clearing', 'writing', 'placing', 'activating']);

/** How the last look ended, and when the next one is: neither is news while one is under way. Pure. */
function lookRows({ state, lastLook, nextLook }: UpdateStatus, now: number, isOnTrial: boolean): string[][] {
  if (underWay.has(state)) return [];
  const next = isOnTrial ? 'once this release has proved itself' : tellIn(Date.parse(nextLook ?? '') - now);
  return [
    ...(lastLook === null
      ? []
      : [['last look', `${formatDuration(now - Date.parse(lastLook.at))} ago: ${lastLook.outcome}`]]),
    ...(nextLook === null ? [] : [['next look', next]]),
  ];
}

/** What is under way or waits, for `berth os status`. Pure. */
export function renderUpdate(status: UpdateStatus, now: number, style: Style, isOnTrial: boolean): string {
  const { state, version, feed, channel, strategy, pin: pinned, lastLook, restart, progress, inhibitors } = status;
  const percent = progress === null ? '' : ` (${Math.floor((progress.bytesWritten / progress.total) * 100)} %)`;
  const rows: string[][] = [
    ['update', `${version === null ? state : `${state} ${version}`}${percent}`],
    ['from', feed === null ? style.dim('no feed is declared') : `${feed} ${channel}, strategy ${strategy}`],
    ...lookRows(status, now, isOnTrial),
    ...(restart === null ? [] : [['restart', restart]]),
    ...inhibitors.map(({ who, until, why }) => ['postponed', `by ${who} until ${until}: ${why}`]),
    ...(pinned.version === null ? [] : [['pinned to', pinned.version]]),
    ...(pinned.until === null ? [] : [['held until', pinned.until]]),
  ];
  const warnings = lastLook?.warnings ?? [];
  return [table(['', ''], rows).split('\n').slice(1).join('\n'), ...warnings.map((text) => style.warn(text))].join(
    '\n',
  );
}
