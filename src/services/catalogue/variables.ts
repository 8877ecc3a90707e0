import type { HostConfig, SshHostKey } from '../../config/host-config.ts';
import type { EngineView } from '../host-sources.ts';
import { consoleAccounts, type HostNumbers } from './console-accounts.ts';
import { userEngineConfig } from './user-engine-config.ts';

/** `host`: Berth runs the machine; `local`: it is a guest on somebody's own machine and must not change it. */
export type CatalogueMode = 'host' | 'local';

/** Where things are on this host. All paths absolute. */
export interface CatalogueContext {
  readonly mode: CatalogueMode;
  /** Sockets. Each should have a directory of its own: a mounted directory survives that the socket is made anew. */
  readonly sockets: {
    /** Berth's API. */
    readonly agent: string;
    /** The user engine's. When that is the catalogue's `docker` service: a name in `userEngine.run`. */
    readonly user: string;
    /** The containerd that serves both engines. */
    readonly containerd: string;
  };
  /** The user engine's directories; see `prepareUserEngineRoot`. */
  readonly userEngine: { readonly root: string; readonly run: string };
  /** Group that may use the user engine's socket; default {@link engineGroupId}. */
  readonly engineGroupId?: number;
  /** Who has which number on this host; absent where the console has files of its own. */
  readonly numbers?: HostNumbers;
  /** What the console's `berth` command runs: a Node binary, a directory, and the program's file inside it. */
  readonly program: { readonly node: string; readonly directory: string; readonly main: string };
}

/** The `docker` group on a host of ours. */
export const engineGroupId = 991;

/** Debian's own default, for a host on which no time server is declared. */
const defaultPool = '2.debian.pool.ntp.org';
const consolePorts: Readonly<Record<CatalogueMode, string>> = { host: '22', local: '2222' };
/** The user engine's own bridge on somebody's machine: docker0 may be another Docker's. From TEST-NET-free, rarely used private space. */
export const localBridge = { name: 'berth0', address: '172.31.253.1/24' };
/** What the system engine there has in place of none: nothing is ever attached to it. */
export const localSystemBridge = { name: 'berth1', address: '172.31.254.1/30' };
/** Where the sources of containers' bind mounts are looked for; the `docker` service sees these. */
const hostDirectories = ['home', 'media', 'mnt', 'opt', 'root', 'run', 'srv', 'tmp', 'var'] as const;
/** It sees these, too. */
const commonDirectories = ['/dev', '/etc', '/proc', '/sys'] as const;
const sharedDirectories: readonly string[] = ['/run', '/var/run', '/tmp', '/'];

/**
 * What a service of the catalogue may interpolate: the host config and the places of this host as `BERTH_…` variables.
 * A changed config changes a variable, hence the container's digest. Pure.
 * Secrets are in BERTH_CONSOLE_SHADOW, BERTH_CONSOLE_HOST_KEYS and BERTH_USER_ENGINE_CONFIG only: use those as the content of a secret, never as environment.
 */
export function catalogueVariables(config: HostConfig, context: CatalogueContext): Record<string, string> {
  const { mode, sockets, userEngine, program } = context;
  const bridge = mode === 'local' ? localBridge : { name: '', address: '' };
  const accounts = consoleAccounts(config, context.engineGroupId ?? engineGroupId, context.numbers);
  return {
    BERTH_MODE: mode,
    // A host of ours shares its mounts; on another one they may be private, and a private source cannot be mounted as a slave.
    BERTH_HOST_PROPAGATION: mode === 'host' ? 'rslave' : 'rprivate',
    BERTH_NTP_SOURCES: ntpSources(config.time),
    BERTH_TIME_ZONE: config.time.zone ?? 'UTC',
    BERTH_AGENT_SOCKET: sockets.agent,
    BERTH_AGENT_SOCKET_MOUNT: socketMount(sockets.agent),
    BERTH_USER_SOCKET: sockets.user,
    BERTH_CONSOLE_ENGINE_SOCKET: consoleEngineSocket(context),
    BERTH_CONSOLE_ENGINE_SOCKET_MOUNT: socketMount(consoleEngineSocket(context)),
    BERTH_CONTAINERD_SOCKET: sockets.containerd,
    BERTH_CONTAINERD_DIRECTORY: parentOf(sockets.containerd),
    ...hostDirectoryVariables(context),
    BERTH_USER_ENGINE_ROOT: userEngine.root,
    BERTH_USER_ENGINE_RUN: userEngine.run,
    BERTH_USER_ENGINE_BRIDGE: bridge.name,
    BERTH_USER_ENGINE_BRIDGE_ADDRESS: bridge.address,
    BERTH_USER_ENGINE_CONFIG: userEngineConfig(config, {
      ...userEngine,
      sockets: [sockets.user, ...userEngineSockets({ mode, userSocket: sockets.user, userEngine })],
      containerd: sockets.containerd,
      bridge: bridge.name,
      groupId: context.engineGroupId ?? engineGroupId,
    }),
    // Go trusts this file besides /etc/ssl/certs, which is the machine's.
    BERTH_USER_ENGINE_CERTIFICATES: config.connectivity.caCertificates.join('\n'),
    BERTH_USER_ENGINE_CERTIFICATE_FILE:
      config.connectivity.caCertificates.length === 0 ? '' : '/usr/lib/berth/ca-certificates.pem',
    BERTH_NODE: program.node,
    BERTH_PROGRAM: program.directory,
    BERTH_PROGRAM_MAIN: program.main,
    BERTH_CONSOLE_PORT: consolePorts[mode],
    BERTH_CONSOLE_PASSWORDS: accounts.passwords ? 'yes' : 'no',
    BERTH_CONSOLE_PASSWD: accounts.passwd,
    BERTH_CONSOLE_GROUP: accounts.group,
    BERTH_CONSOLE_SHADOW: accounts.shadow,
    BERTH_CONSOLE_KEYS: accounts.authorizedKeys,
    BERTH_CONSOLE_HOST_KEYS: hostKeyFiles(config.ssh?.hostKeys ?? []),
    BERTH_CONSOLE_HOST_KEY_TYPES: (config.ssh?.keyTypes ?? ['ed25519']).join(' '),
  };
}

/**
 * BERTH_HOST_HOME, …: the directory itself, or on somebody's own machine an empty one where it holds Berth's state:
 * an engine mounts a directory that holds its own data only with shared propagation, which that machine may not have.
 */
function hostDirectoryVariables(context: CatalogueContext): Record<string, string> {
  const { blindSpot } = engineView(context);
  const places = hostDirectories.map((name) => {
    const isFree = `/${name}` !== blindSpot;
    return [`BERTH_HOST_${name.toUpperCase()}`, isFree ? `/${name}` : `${context.userEngine.root}/empty`] as const;
  });
  return Object.fromEntries(places);
}

/** What the `docker` service sees of the machine's files. Pure. */
export function engineView({ mode, userEngine }: Pick<CatalogueContext, 'mode' | 'userEngine'>): EngineView {
  const state = parentOf(userEngine.root);
  const directories = hostDirectories.map((name) => `/${name}`);
  const blindSpot =
    mode === 'host' ? undefined : directories.find((directory) => `${state}/`.startsWith(`${directory}/`));
  return {
    directories: [...directories, ...commonDirectories].toSorted(),
    ...(blindSpot === undefined ? {} : { blindSpot }),
  };
}

/** Lines of a chrony sources file. Directives: chrony.conf(5), Time sources. */
function ntpSources({ servers, pools }: HostConfig['time']): string {
  const declared = [...servers.map((name) => `server ${name} iburst`), ...pools.map((name) => `pool ${name} iburst`)];
  const lines = declared.length > 0 ? declared : [`pool ${defaultPool} iburst`];
  return lines.map((line) => `${line}\n`).join('');
}

/** Files in one text: `@ NAME` before each, a line that no key has. */
function hostKeyFiles(keys: readonly SshHostKey[]): string {
  return keys
    .flatMap(({ type, privateKey, certificate }) => [
      `@ ssh_host_${type}_key\n${privateKey}`,
      ...(certificate === undefined ? [] : [`@ ssh_host_${type}_key-cert.pub\n${certificate}\n`]),
    ])
    .join('');
}

/** Our own engine listens once more in a directory that holds nothing else, so that the console can mount that. */
function consoleEngineSocket({
  sockets,
  userEngine,
}: {
  readonly sockets: Pick<CatalogueContext['sockets'], 'user'>;
  readonly userEngine: CatalogueContext['userEngine'];
}): string {
  return sockets.user.startsWith(`${userEngine.run}/`) ? `${userEngine.run}/console/docker.sock` : sockets.user;
}

/** Where people and programs find our own user engine: the console's socket, and on a host the place that all tools know. */
export function userEngineSockets(context: {
  readonly mode: CatalogueMode;
  readonly userSocket: string;
  readonly userEngine: CatalogueContext['userEngine'];
}): string[] {
  const { mode, userSocket, userEngine } = context;
  const console = consoleEngineSocket({ sockets: { user: userSocket }, userEngine });
  return mode === 'host' ? [console, '/run/docker.sock'] : [console];
}

/** What to mount to reach a socket: its directory when that holds nothing else, so that a new socket is seen too. */
function socketMount(socket: string): string {
  const directory = parentOf(socket);
  return sharedDirectories.includes(directory) ? socket : directory;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
