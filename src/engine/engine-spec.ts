import { join } from 'node:path';
import type { ConnectivityConfig } from '../config/host-config.ts';
import { BerthError } from '../core/errors.ts';
import type { EngineBinaries } from './binaries.ts';

/**
 * One dockerd to run. `system`: no bridge of use, no iptables, no forwarding, so that it never touches another engine's
 * network; `user`: bridges, NAT and published ports.
 */
export interface EngineSpec {
  readonly role: 'system' | 'user';
  /** Everything of this engine lives below it: images, containers, logs. Absolute. */
  readonly stateDir: string;
  /** Sockets and pidfiles; on a host a tmpfs. Default: `run` below the state directory. */
  readonly runDir?: string;
  /** Default: `docker.sock` in the run directory. */
  readonly socket?: string;
  readonly binaries: EngineBinaries;
  /**
   * `system` only: an empty bridge that exists. Default: none, for which dockerd deletes `docker0` at every start, whoever's
   * that is (moby: removeDefaultBridgeInterface).
   */
  readonly bridge?: string;
  /** What daemon.json says beside the runtime: see {@link daemonConfig}, {@link daemonFile}. */
  readonly config: Readonly<Record<string, unknown>>;
  /** `own`: started and watched with this engine; `shared`: somebody else's, in a namespace of our own. */
  readonly containerd:
    | { readonly kind: 'own' }
    | { readonly kind: 'shared'; readonly socket: string; readonly namespace: string };
  /** For the engine's own traffic: pulls. */
  readonly proxy?: ConnectivityConfig['proxy'];
  /** PEM texts to trust besides the machine's own, for the engine's own traffic. */
  readonly caCertificates?: readonly string[];
  readonly extraArguments?: readonly string[];
}

/** Where the parts of an engine are. */
export interface EnginePaths {
  readonly socket: string;
  readonly containerdSocket: string;
  readonly dataRoot: string;
  readonly execRoot: string;
  readonly containerdRoot: string;
  readonly containerdState: string;
  readonly daemonConfig: string;
  readonly caCertificates: string;
  readonly containerdConfig: string;
  /** What the running dockerd was started with. */
  readonly startedWith: string;
  readonly dockerdPid: string;
  readonly containerdPid: string;
  /** Written by dockerd itself. */
  readonly dockerdOwnPid: string;
  readonly dockerdLog: string;
  readonly containerdLog: string;
}

/** `sun_path` holds 108 bytes with its final zero: unix(7). */
const longestSocketPath = 107;

/** The places of an engine's files. Throws USAGE when a socket path is longer than the kernel can bind. Pure. */
export function enginePaths(spec: Pick<EngineSpec, 'stateDir' | 'runDir' | 'socket' | 'containerd'>): EnginePaths {
  const run = spec.runDir ?? join(spec.stateDir, 'run');
  const paths: EnginePaths = {
    socket: spec.socket ?? join(run, 'docker.sock'),
    containerdSocket: spec.containerd.kind === 'shared' ? spec.containerd.socket : join(run, 'containerd.sock'),
    dataRoot: join(spec.stateDir, 'data'),
    execRoot: join(run, 'exec'),
    containerdRoot: join(spec.stateDir, 'containerd'),
    containerdState: join(run, 'containerd'),
    daemonConfig: join(spec.stateDir, 'daemon.json'),
    caCertificates: join(spec.stateDir, 'ca-certificates.pem'),
    containerdConfig: join(spec.stateDir, 'containerd.toml'),
    startedWith: join(run, 'dockerd.started.json'),
    dockerdPid: join(run, 'dockerd.process'),
    containerdPid: join(run, 'containerd.process'),
    dockerdOwnPid: join(run, 'dockerd.pid'),
    dockerdLog: join(spec.stateDir, 'dockerd.log'),
    containerdLog: join(spec.stateDir, 'containerd.log'),
  };
  // containerd binds a second socket, with ".ttrpc" appended.
  for (const path of [paths.socket, `${paths.containerdSocket}.ttrpc`]) {
    const bytes = Buffer.byteLength(path);
    if (bytes > longestSocketPath) {
      throw new BerthError(
        'USAGE',
        `socket path of ${bytes} bytes is longer than the ${longestSocketPath} the kernel allows: ${path}`,
        {
          hint: 'choose a shorter state directory',
        },
      );
    }
  }
  return paths;
}

/** The arguments of dockerd. Pure. */
export function dockerdArguments(spec: EngineSpec): string[] {
  const paths = enginePaths(spec);
  const namespace = spec.containerd.kind === 'shared' ? spec.containerd.namespace : spec.role;
  return [
    `--config-file=${paths.daemonConfig}`,
    `--data-root=${paths.dataRoot}`,
    `--exec-root=${paths.execRoot}`,
    `--pidfile=${paths.dockerdOwnPid}`,
    `--host=unix://${paths.socket}`,
    `--containerd=${paths.containerdSocket}`,
    `--containerd-namespace=${namespace}`,
    `--containerd-plugins-namespace=${namespace}-plugins`,
    // Two engines that manage iptables flush each other's chains: only the user engine may.
    ...(spec.role === 'system'
      ? [`--bridge=${spec.bridge ?? 'none'}`, '--iptables=false', '--ip6tables=false', '--ip-forward=false']
      : []),
    ...(spec.extraArguments ?? []),
  ];
}

/** The content of daemon.json: where there is a crun, it runs every container that asks for no other runtime. Pure. */
export function daemonFile({ binaries, config }: Pick<EngineSpec, 'binaries' | 'config'>): EngineSpec['config'] {
  if (binaries.crun === undefined) return config;
  const runtimes = { crun: { path: binaries.crun }, ...(config['runtimes'] as object | undefined) };
  return { 'default-runtime': 'crun', ...config, runtimes };
}

/** What is noted of a dockerd's start; another text asks for a restart. Pure. */
export function startedText(spec: EngineSpec): string {
  const { binaries, proxy, caCertificates = [] } = spec;
  const facts = { version: binaries.version, arguments: dockerdArguments(spec), config: daemonFile(spec), proxy };
  return JSON.stringify(caCertificates.length === 0 ? facts : { ...facts, caCertificates });
}

/** The arguments of a containerd of our own. Pure. */
export function containerdArguments(spec: EngineSpec): string[] {
  const paths = enginePaths(spec);
  return [
    `--config=${paths.containerdConfig}`,
    `--root=${paths.containerdRoot}`,
    `--state=${paths.containerdState}`,
    `--address=${paths.containerdSocket}`,
    '--log-level=warn',
  ];
}

/** What dockerd does not use: the Kubernetes interface, and snapshotters, some of which run programs to see what the kernel has. */
const unusedPlugins: readonly string[] = [
  'io.containerd.grpc.v1.cri',
  'io.containerd.nri.v1.nri',
  'io.containerd.internal.v1.opt',
  'io.containerd.tracing.processor.v1.otlp',
  'io.containerd.internal.v1.tracing',
  ...['aufs', 'blockfile', 'btrfs', 'devmapper', 'zfs'].map((name) => `io.containerd.snapshotter.v1.${name}`),
];

/** containerd's configuration. Pure. */
export const containerdConfigText = `version = 2\ndisabled_plugins = ${JSON.stringify(unusedPlugins)}\n`;

/** Of our environment, what must not reach the engine: it changes what its programs do. */
const ownVariables: ReadonlySet<string> = new Set([
  'NOTIFY_SOCKET',
  'DOCKER_HOST',
  'NODE_OPTIONS',
  'NODE_COMPILE_CACHE',
]);

/**
 * The environment of the engine's programs. Proxies go here and not into daemon.json, which takes them only from Docker 23 on.
 * `certificates` is a file to trust besides /etc/ssl/certs: Go's crypto/x509 reads SSL_CERT_FILE and the directories. Pure.
 */
export function engineEnvironment(
  spec: Pick<EngineSpec, 'binaries' | 'proxy'>,
  base: NodeJS.ProcessEnv,
  certificates?: string,
): NodeJS.ProcessEnv {
  const { path, libraryPath } = spec.binaries;
  const standard = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const { http, https, noProxy = [] } = spec.proxy ?? {};
  return {
    ...Object.fromEntries(Object.entries(base).filter(([name]) => !ownVariables.has(name))),
    PATH: [path, base['PATH'] ?? '', standard].filter((part) => part !== '').join(':'),
    ...(libraryPath === '' ? {} : { LD_LIBRARY_PATH: libraryPath }),
    ...(http === undefined ? {} : { HTTP_PROXY: http }),
    ...(https === undefined ? {} : { HTTPS_PROXY: https }),
    ...(noProxy.length === 0 ? {} : { NO_PROXY: noProxy.join(',') }),
    ...(certificates === undefined ? {} : { SSL_CERT_FILE: certificates }),
  };
}
