import { isBerthError } from '../../core/errors.ts';
import type { CheckResult } from '../../update/health-gate.ts';
import type { BlessState, OsEntry, OsEvent, OsStatus } from '../../update/os-status.ts';
import type { Command } from '../context.ts';
import type { Paint, Style } from '../style.ts';
import { formatDuration, table } from '../text.ts';
import { renderUpdate } from './os-update.ts';

/** `berth os status`. */
export const status: Command = async (cli) => {
  const os = await cli.client.os.osStatus();
  const update = await cli.client.updates.updateStatus().catch((error: unknown) => {
    // A kernel that was started without a boot loader has no other release to go to.
    if (isBerthError(error, 'UNSUPPORTED')) return null;
    throw error;
  });
  if (cli.flags.json === true) cli.printJson({ ...os, update });
  else {
    const parts = [renderOs(os, cli.style)];
    if (update !== null)
      parts.push(renderUpdate(update, cli.context.clock.now(), cli.style, os.bless.kind === 'on-trial'));
    cli.print(parts.join('\n\n'));
  }
  return 0;
};

/** `berth os history`. */
export const history: Command = async (cli) => {
  const events = await cli.client.os.osHistory();
  if (cli.flags.json === true) cli.printJson(events);
  else if (events.length === 0) cli.print('Nothing happened yet.');
  else cli.print(renderHistory(events, cli.context.clock.now(), cli.style));
  return 0;
};

/** `berth os bless`: exit code 1 when a check does not hold. */
export const bless: Command = async (cli) => {
  const os = await cli.client.os.blessOs({ manual: cli.flags.manual === true }, cli.operator);
  if (cli.flags.json === true) cli.printJson(os);
  else cli.print(`${os.version} is ${cli.style.good('blessed')}`);
  return 0;
};

/** `berth os rollback`: returns when the restart has begun. */
export const rollBack: Command = async (cli) => {
  const { version } = await cli.client.os.osStatus();
  const { reason = '', force = false } = cli.flags;
  await cli.client.os.rollBackOs({ reason, force }, cli.operator);
  if (cli.flags.json === true) cli.printJson({ left: version });
  else cli.print(`${version} is taken away; the host restarts into the other release`);
  return 0;
};

/** The release that runs, its health gate while it is on trial, and what the boot loader would boot. Pure. */
export function renderOs(os: OsStatus, style: Style): string {
  const { version, slot, device, entries, bless: state, rejected } = os;
  const parts = [
    `${style.bold(version)}  ${paintBless(state, style)}  ${style.dim(`slot ${slot} on ${device}`)}`,
    ...(state.kind === 'on-trial' && state.checks.length > 0
      ? [renderChecks(state.checks, state.blockers, style)]
      : []),
    ...(state.kind === 'on-trial' ? [timeLeft(state.secondsLeft, os, style)] : []),
    entries.length === 0
      ? style.dim('No boot loader started this system.')
      : table(['ENTRY', 'VERSION', 'TRIES LEFT', ''], entries.map(entryCells(style))),
    ...rejected
      .slice(0, 1)
      // One that was tried again and holds now is no news.
      .filter(({ version: failed }) => failed !== version || state.kind !== 'blessed')
      .map(({ version: failed, reason }) => style.bad(`${failed} was taken back: ${reason}`)),
    ...renderKept(os),
  ];
  return parts.join('\n\n');
}

/** What is kept for a release to go back to, and what keeps the host from going back: a line each. */
function renderKept({ state, volumes: { snapshot, takenBack, forwardOnly } }: OsStatus): string[] {
  const lines = [
    ...(snapshot === null
      ? []
      : [`Volumes as ${snapshot.version} left them, should it come back: ${snapshot.volumes.join(', ')}`]),
    ...(takenBack === null
      ? []
      : [`What ${takenBack.version} wrote to ${takenBack.volumes.join(', ')} is in ${takenBack.directory}`]),
    ...(forwardOnly.length === 0
      ? []
      : [`Forward only, so nothing goes back past this release by itself: ${forwardOnly.join(', ')}`]),
    ...(state.kept.length === 0
      ? []
      : [`What this host keeps has schema ${state.schema}; a copy of schema ${state.kept.join(', ')} is kept`]),
  ];
  return lines.length === 0 ? [] : [lines.join('\n')];
}

function timeLeft(secondsLeft: number, { entries, volumes }: OsStatus, style: Style): string {
  if (secondsLeft === 0) return style.bad('Its time to prove itself is over.');
  const hasOther = entries.some(({ isRunning, tries }) => !isRunning && tries?.left !== 0);
  const end = !hasOther
    ? 'there is no other release to go back to'
    : volumes.forwardOnly.length > 0
      ? 'then it stays, for its volumes go forward only'
      : 'then the host goes back to the other release';
  return style.dim(`It has ${formatDuration(secondsLeft * 1000)} left to prove itself; ${end}.`);
}

function paintBless(state: Pick<BlessState, 'kind'>, style: Style): string {
  return state.kind === 'blessed' ? style.good('blessed') : style.busy('on trial');
}

function renderChecks(checks: readonly CheckResult[], blockers: readonly string[], style: Style): string {
  const rows = checks.map(({ name, level, holds, detail }) => {
    const state = holds
      ? style.good('holds')
      : blockers.includes(name)
        ? style.bad('fails')
        : style.busy('does not count');
    return [name, state, level, detail];
  });
  return table(['CHECK', 'STATE', 'LEVEL', 'DETAIL'], rows);
}

const entryCells =
  (style: Style) =>
  ({ file, version, tries, isRunning }: OsEntry, place: number): string[] => {
    const notes = [...(isRunning ? ['running'] : []), ...(place === 0 ? ['boots next'] : [])].join(', ');
    return [file, version, tries === undefined ? 'blessed' : String(tries.left), style.dim(notes)];
  };

function renderHistory(events: readonly OsEvent[], now: number, style: Style): string {
  const paints: Readonly<Record<OsEvent['kind'], Paint>> = {
    booted: style.dim,
    blessed: style.good,
    rejected: style.bad,
    'rolled-back': style.bad,
    staged: style.good,
    dropped: style.dim,
    'update-failed': style.bad,
    refused: style.bad,
    'arguments-rejected': style.bad,
    'volumes-copied': style.dim,
    'volumes-restored': style.warn,
    'rollback-blocked': style.bad,
    'services-held': style.bad,
    'permit-kept': style.warn,
  };
  // A host may be newer than this command, and tell of more.
  const paintOf = new Map<string, Paint>(Object.entries(paints));
  const rows = events.map(({ at, kind, version, reason }) => [
    `${formatDuration(now - Date.parse(at))} ago`,
    version,
    (paintOf.get(kind) ?? style.dim)(kind),
    reason,
  ]);
  return table(['WHEN', 'VERSION', 'WHAT', 'WHY'], rows);
}
