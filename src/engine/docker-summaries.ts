import type {
  ContainerDetails,
  ContainerState,
  ContainerSummary,
  EngineEvent,
  Health,
  ImageSummary,
} from './container-engine.ts';
import type { ApiContainer, ApiContainerDetails, ApiEvent, ApiImage } from './docker-api.ts';

const states: ReadonlySet<string> = new Set<ContainerState>([
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
]);
const ended: ReadonlySet<ContainerState> = new Set<ContainerState>(['exited', 'dead']);

/** A row of the container list. Health and exit code stand only in its status text. Pure. */
export function containerSummary(row: ApiContainer): ContainerSummary {
  const state = containerState(row.State);
  const exitCode = exitCodeOf(row.Status);
  return {
    id: row.Id,
    // A container reached through links has more names, of the form /other/alias.
    name: (row.Names.find((name) => name.lastIndexOf('/') === 0) ?? row.Names[0] ?? '').slice(1),
    imageId: row.ImageID,
    image: row.Image,
    labels: row.Labels ?? {},
    state,
    health: healthOf(row.Status),
    ...(ended.has(state) && exitCode !== undefined ? { exitCode } : {}),
    createdAt: row.Created * 1000,
    status: row.Status,
    ports: row.Ports.map((port) => ({
      ...(port.IP === undefined ? {} : { ip: port.IP }),
      ...(port.PublicPort === undefined ? {} : { host: port.PublicPort }),
      container: port.PrivatePort,
      protocol: port.Type,
    })),
  };
}

/** An inspected container. Pure. */
export function containerDetails(api: ApiContainerDetails): ContainerDetails {
  const state = containerState(api.State.Status);
  const health = healthStatus(api.State.Health?.Status);
  return {
    id: api.Id,
    name: api.Name.slice(1),
    imageId: api.Image,
    image: api.Config.Image,
    labels: api.Config.Labels ?? {},
    state,
    health,
    ...(ended.has(state) ? { exitCode: api.State.ExitCode } : {}),
    createdAt: Math.floor(Date.parse(api.Created) / 1000) * 1000,
    status: statusText(state, health, api.State.ExitCode),
    ports: Object.entries(api.NetworkSettings.Ports ?? {}).flatMap(([key, bindings]) => publishedPorts(key, bindings)),
    pid: api.State.Pid,
    startedAt: apiTime(api.State.StartedAt),
    finishedAt: apiTime(api.State.FinishedAt),
    oomKilled: api.State.OOMKilled,
    error: api.State.Error,
    restartCount: api.RestartCount,
    healthLog: (api.State.Health?.Log ?? []).map((entry) => ({
      exitCode: entry.ExitCode,
      output: entry.Output,
      endedAt: apiTime(entry.End),
    })),
  };
}

/** An image of a list or an inspection. Dangling ones have no references. Pure. */
export function imageSummary(api: ApiImage): ImageSummary {
  return {
    id: api.Id,
    references: (api.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'),
    digests: (api.RepoDigests ?? []).filter((digest) => !digest.startsWith('<none>@')),
    sizeBytes: api.Size,
    createdAt: typeof api.Created === 'number' ? api.Created * 1000 : Math.floor(apiTime(api.Created) / 1000) * 1000,
  };
}

const kinds: Readonly<Record<string, EngineEvent['kind']>> = {
  container: 'container',
  image: 'image',
  network: 'network',
  volume: 'volume',
};

/** An event of the engine; undefined for kinds we do not watch and for the exec events of health probes. Pure. */
export function engineEvent(api: ApiEvent): EngineEvent | undefined {
  const kind = kinds[api.Type];
  // "health_status: healthy", "exec_start: /bin/true"
  const [action = '', argument = ''] = api.Action.split(': ');
  if (kind === undefined || action.startsWith('exec_')) return undefined;
  const at = api.timeNano === undefined ? api.time * 1000 : Math.floor(api.timeNano / 1e6);
  return {
    kind,
    action,
    id: api.Actor.ID,
    attributes: api.Actor.Attributes ?? {},
    ...(action === 'health_status' ? { health: healthStatus(argument) } : {}),
    at,
  };
}

/** The health in a status text: "Up 3 minutes (health: starting)". Pure. */
export function healthOf(status: string): Health {
  const found = /\((?:health: )?(starting|healthy|unhealthy)\)$/.exec(status)?.[1];
  return healthStatus(found);
}

/** The exit code in a status text: "Exited (137) 2 hours ago". Pure. */
export function exitCodeOf(status: string): number | undefined {
  const found = /^Exited \((-?\d+)\)/.exec(status)?.[1];
  return found === undefined ? undefined : Number(found);
}

function healthStatus(text: string | undefined): Health {
  return text === 'starting' || text === 'healthy' || text === 'unhealthy' ? text : 'none';
}

function containerState(text: string): ContainerState {
  if (!isContainerState(text)) throw new Error(`unknown container state ${text}`);
  return text;
}

function isContainerState(text: string): text is ContainerState {
  return states.has(text);
}

function statusText(state: ContainerState, health: Health, exitCode: number): string {
  if (ended.has(state)) return `Exited (${exitCode})`;
  return health === 'none' ? state : `${state} (${health})`;
}

function publishedPorts(
  key: string,
  bindings: readonly { readonly HostIp: string; readonly HostPort: string }[] | null,
): ContainerSummary['ports'] {
  const [port = '', protocol = 'tcp'] = key.split('/');
  const container = Number(port);
  if (bindings === null || bindings.length === 0) return [{ container, protocol }];
  return bindings.map((binding) => ({ ip: binding.HostIp, host: Number(binding.HostPort), container, protocol }));
}

/** Go's zero time means "never"; newer engines leave out what they do not know. */
function apiTime(text: string): number {
  const time = Date.parse(text);
  return Number.isNaN(time) ? 0 : Math.max(0, time);
}
