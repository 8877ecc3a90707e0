import type { EngineStatus, HostStatus, MachineStatus, ReleaseSummary } from '../agent/model.ts';
import { compareText } from '../core/compare-text.ts';
import { movingStates, type ServiceState, type ServiceStatus, settledStates } from '../services/status.ts';
import type { Style } from './style.ts';
import { fit, formatDuration, shortId, table, widthOf } from './text.ts';

/** The host in a line, its engines, its services. */
export function renderStatus(status: HostStatus, now: number, style: Style): string {
  const { hostname, mode, version, state, generation, startedAt, engines, services, skipped, machine } = status;
  const paint = { healthy: style.good, converging: style.busy, degraded: style.bad }[state];
  const where = mode === 'local' ? 'local instance' : 'host';
  const config = generation === 0 ? 'no config applied yet' : `generation ${generation}`;
  const since = `agent up ${formatDuration(now - Date.parse(startedAt))}`;
  const parts = [
    `${style.bold(hostname)}  ${paint(state)}  ${style.dim([where, config, `berth ${version}`, since].join(', '))}`,
  ];
  if (engines.length > 0)
    parts.push(
      table(
        ['ENGINE', 'STATE', 'VERSION', 'SOCKET', 'DETAIL'],
        engines.map((engine) => renderEngine(engine, style)),
      ),
    );
  parts.push(services.length === 0 ? 'No services.' : renderServices(services, now, style));
  if (machine !== null) parts.push(renderMachine(machine, style));
  if (skipped.length > 0)
    parts.push(style.dim(`${skipped.length} config key(s) left alone on this host: berth plan shows which and why`));
  return parts.join('\n\n');
}

/** The table of services, those that need a look first, those that do not run last. */
export function renderServices(services: readonly ServiceStatus[], now: number, style: Style): string {
  const header = ['NAME', 'STATE', 'SINCE', 'IMAGE', 'PORTS', 'DETAIL'];
  const rows = services
    .toSorted((a, b) => rank(a.state) - rank(b.state) || compareText(a.name, b.name))
    .map((service) => [
      service.name,
      paintState(service.state, style),
      service.createdAt === undefined ? '' : formatDuration(now - Date.parse(service.createdAt)),
      service.image.startsWith('sha256:') ? shortId(service.image) : service.image,
      service.ports.join(', '),
      describe(service, now),
    ]);
  return table(header, style.isTerminal ? cutLastColumn(header, rows, style.columns) : rows);
}

/** The network in a line, where the config is from, and what is wrong with the machine. */
function renderMachine(
  { config, network, problems, warnings = [], pending = [], maintenance, release }: MachineStatus,
  style: Style,
): string {
  const links = (network?.links ?? []).map(({ name, addresses }) => [name, ...addresses].join(' ')).join(', ');
  const state =
    network?.ready === true ? style.good('ready') : style.bad(`not ready: ${network?.detail ?? 'not looked at yet'}`);
  const origin = config === null ? [] : [`Config   ${config.datasource}  ${style.dim(config.place)}`];
  const system = release === null ? [] : [`OS       ${renderRelease(release, style)}`];
  const waiting = maintenance === null ? [] : [`No config (${maintenance}): berth apply FILE gives it one`];
  const later = pending.map((line) => `Restart  ${style.busy('pending')}  ${line}`);
  const lines = [`Network  ${state}  ${links}`.trimEnd(), ...origin, ...system, ...later, ...waiting];
  const notes = warnings.map((warning) => style.busy(`warning: ${warning}`));
  return [...lines, ...problems.map((problem) => style.bad(problem)), ...notes].join('\n');
}

function renderRelease(
  { version, isBlessed, takenBack, refused = null, staged }: ReleaseSummary,
  style: Style,
): string {
  const state = isBlessed ? style.good('blessed') : style.busy('on trial');
  const failed = takenBack === null ? '' : style.bad(`${takenBack.version} was taken back: ${takenBack.reason}`);
  const untaken = refused === null ? '' : style.bad(`${refused.version} was refused: ${refused.reason}`);
  const next = staged === null ? '' : style.busy(`${staged} boots next`);
  return [version, state, next, failed, untaken].filter((part) => part !== '').join('  ');
}

/** A state in its colour. */
export function paintState(state: ServiceState, style: Style): string {
  if (movingStates.has(state)) return style.busy(state);
  if (state === 'available') return style.dim(state);
  if (!settledStates.has(state)) return style.bad(state);
  return state === 'stopped' || state === 'scheduled' ? style.dim(state) : style.good(state);
}

function renderEngine({ name, state, version, socket, detail }: EngineStatus, style: Style): string[] {
  const paint = state === 'running' ? style.good : state === 'starting' || state === 'stopped' ? style.busy : style.bad;
  return [name, paint(state), version, style.dim(socket), fit(detail, 120)];
}

function describe({ detail, nextRun, retryAt, restarts }: ServiceStatus, now: number): string {
  const notes = [
    detail,
    nextRun === undefined ? '' : `next run in ${formatDuration(Date.parse(nextRun) - now)}`,
    retryAt === undefined ? '' : `next try in ${formatDuration(Date.parse(retryAt) - now)}`,
    restarts === 0 ? '' : `restarted ${restarts}×`,
  ];
  return fit(notes.filter((note) => note !== '').join('; '), 200);
}

function rank(state: ServiceState): number {
  if (state === 'available') return 3;
  if (!settledStates.has(state)) return movingStates.has(state) ? 1 : 0;
  return 2;
}

/** Cuts the details so that no line of the table wraps. */
function cutLastColumn(header: readonly string[], rows: readonly (readonly string[])[], columns: number): string[][] {
  const last = header.length - 1;
  const others = header.slice(0, last).map((title, index) => {
    const cells = rows.map((row) => widthOf(row[index] ?? ''));
    const widest = Math.max(0, ...cells);
    return widest === 0 ? 0 : Math.max(title.length, widest) + 2;
  });
  const room = Math.max(20, columns - others.reduce((sum, width) => sum + width, 0) - 1);
  return rows.map((row) => [...row.slice(0, last), fit(row[last] ?? '', room)]);
}
