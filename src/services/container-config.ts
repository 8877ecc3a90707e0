import type { Healthcheck, PortMapping, ServiceSpec, VolumeMount } from '../config/service-spec.ts';
import type { ContainerConfig, MountConfig } from '../engine/container-engine.ts';

/** What a service cannot know of itself: names on the engine and what the whole host declares. */
export interface ContainerContext {
  readonly service: string;
  readonly engine: 'system' | 'user';
  /** Engine name of a declared network or volume. */
  readonly networkName: (name: string) => string;
  readonly volumeName: (name: string) => string;
  /** Container name of another service, for `network_mode: service:NAME` and its like. */
  readonly containerNameOf: (service: string) => string;
  /** Secrets and configs as bind mounts, made by `files.ts`. */
  readonly fileMounts: readonly MountConfig[];
  /** `NAME=value` added unless the service sets NAME itself: the host's proxy settings. */
  readonly hostEnvironment: Readonly<Record<string, string>>;
  readonly hostDns: {
    readonly servers: readonly string[];
    readonly search: readonly string[];
    readonly options: readonly string[];
  };
  readonly logging: { readonly driver: string; readonly options: Readonly<Record<string, string>> };
}

const nanosecondsPerSecond = 1e9;
/** Docker's own defaults, from its API description (HealthConfig). */
export const defaultHealth = { interval: 30 * nanosecondsPerSecond, timeout: 30 * nanosecondsPerSecond, retries: 3 };
/** Compose's default for `stop_grace_period`. */
export const defaultGraceSeconds = 10;

/** A Compose service as a container to create. Pure; labels of ours are added by the caller. */
export function containerConfig(spec: ServiceSpec, context: ContainerContext): ContainerConfig {
  const networking = networkingOf(spec, context);
  const resources = spec.deploy?.resources;
  const memory = spec.mem_limit ?? resources?.limits?.memory;
  const reservation = spec.mem_reservation ?? resources?.reservations?.memory;
  const cpus = spec.cpus ?? resources?.limits?.cpus;
  const pids = spec.pids_limit ?? resources?.limits?.pids;
  const healthcheck = healthcheckOf(spec.healthcheck);
  return compact({
    image: spec.image ?? '',
    command: spec.command,
    entrypoint: spec.entrypoint,
    environment: environmentOf(spec, context),
    labels: { ...spec.labels },
    hostname: spec.hostname,
    domainName: spec.domainname,
    user: spec.user,
    workingDirectory: spec.working_dir,
    tty: spec.tty ?? false,
    openStdin: spec.stdin_open ?? false,
    stopSignal: spec.stop_signal,
    stopGraceSeconds: graceSecondsOf(spec),
    healthcheck,
    mounts: [...(spec.volumes ?? []).map((volume) => mountOf(volume, context)), ...context.fileMounts],
    tmpfs: Object.fromEntries((spec.tmpfs ?? []).map(splitTmpfs)),
    ...networking,
    exposedPorts: exposedPortsOf(spec),
    ports: (spec.ports ?? []).map(publishOf),
    pidMode: namespaceOf(spec.pid, context),
    ipcMode: namespaceOf(spec.ipc, context),
    utsMode: spec.uts,
    usernsMode: spec.userns_mode,
    cgroupNamespaceMode: spec.cgroup,
    cgroupParent: spec.cgroup_parent,
    privileged: spec.privileged ?? false,
    capabilitiesAdd: spec.cap_add ?? [],
    capabilitiesDrop: spec.cap_drop ?? [],
    securityOptions: spec.security_opt ?? [],
    readOnlyRoot: spec.read_only ?? false,
    groups: spec.group_add ?? [],
    devices: (spec.devices ?? []).map(({ source, target, permissions }) => ({
      hostPath: source,
      containerPath: target,
      permissions,
    })),
    deviceCgroupRules: spec.device_cgroup_rules ?? [],
    ulimits: Object.entries(spec.ulimits ?? {}).map(([name, { soft, hard }]) => ({ name, soft, hard })),
    sysctls: { ...spec.sysctls },
    annotations: spec.annotations,
    restart: restartPolicyOf(spec),
    init: spec.init,
    logging: {
      driver: spec.logging?.driver ?? context.logging.driver,
      // Options of one driver mean nothing to another.
      options:
        spec.logging?.driver === undefined
          ? { ...context.logging.options, ...spec.logging?.options }
          : { ...spec.logging.options },
    },
    runtime: spec.runtime,
    memoryBytes: memory,
    memoryReservationBytes: reservation,
    memorySwapBytes: spec.memswap_limit,
    memorySwappiness: spec.mem_swappiness,
    oomKillDisable: spec.oom_kill_disable,
    oomScoreAdjust: spec.oom_score_adj,
    shmSizeBytes: spec.shm_size,
    nanoCpus: cpus === undefined ? undefined : Math.round(cpus * 1e9),
    cpuShares: spec.cpu_shares,
    cpuQuota: spec.cpu_quota,
    cpuPeriod: spec.cpu_period,
    cpuset: spec.cpuset,
    pidsLimit: pids,
    storageOptions: spec.storage_opt,
    extraHosts: Object.entries(spec.extra_hosts ?? {}).flatMap(([host, addresses]) =>
      addresses.map((address) => `${host}:${address}`),
    ),
    dns: spec.dns ?? context.hostDns.servers,
    dnsSearch: spec.dns_search ?? context.hostDns.search,
    dnsOptions: spec.dns_opt ?? context.hostDns.options,
    platform: spec.platform,
  });
}

/** Seconds a service gets to stop, rounded up: the engine takes whole seconds. */
export function graceSecondsOf(spec: ServiceSpec): number {
  return spec.stop_grace_period === undefined
    ? defaultGraceSeconds
    : Math.ceil(spec.stop_grace_period / nanosecondsPerSecond);
}

/**
 * Compose's healthcheck for the engine. Without a `start_interval` of the user's, the probe runs ten times as often
 * during a start period just shorter than one interval: a service that is ready early is seen early, and the time to
 * `unhealthy` moves by less than one interval (failures inside the start period do not count).
 */
export function healthcheckOf(health: Healthcheck | undefined): ContainerConfig['healthcheck'] {
  if (health === undefined) return undefined;
  if (health.disable === true || health.test?.[0] === 'NONE') return { test: ['NONE'] };
  const { interval = defaultHealth.interval, start_period: period, start_interval: startInterval } = health;
  const startPeriodNs = period ?? (startInterval === undefined ? Math.floor(interval * 0.9) : undefined);
  const startIntervalNs = startInterval ?? Math.max(Math.min(Math.floor(interval / 10), nanosecondsPerSecond), 5e7);
  return compact({
    test: health.test ?? [],
    intervalNs: health.interval,
    timeoutNs: health.timeout,
    retries: health.retries,
    startPeriodNs,
    startIntervalNs: startIntervalNs < interval ? startIntervalNs : undefined,
  });
}

function environmentOf(spec: ServiceSpec, context: ContainerContext): string[] {
  const merged: Record<string, string | null> = { ...context.hostEnvironment, ...spec.environment };
  return Object.entries(merged).flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]));
}

type Networking = Pick<ContainerConfig, 'networkMode' | 'networks'>;

function networkingOf(spec: ServiceSpec, context: ContainerContext): Networking {
  if (spec.network_mode !== undefined)
    return { networkMode: namespaceOf(spec.network_mode, context) ?? 'none', networks: [] };
  // The system engine has no bridge: its containers use the host's network unless told `none`.
  if (context.engine === 'system' && spec.networks === undefined) return { networkMode: 'host', networks: [] };
  const attachments = Object.entries(spec.networks ?? { default: null });
  attachments.sort(([, a], [, b]) => (b?.priority ?? 0) - (a?.priority ?? 0));
  const networks = attachments.map(([name, network]) =>
    compact({
      name: context.networkName(name),
      aliases: [context.service, ...(network?.aliases ?? [])],
      ipv4Address: network?.ipv4_address,
      ipv6Address: network?.ipv6_address,
      linkLocalIps: network?.link_local_ips,
      macAddress: network?.mac_address ?? spec.mac_address,
      driverOptions: network?.driver_opts,
    }),
  );
  return { networkMode: networks[0]?.name ?? 'none', networks };
}

/** `service:NAME` is ours, `container:NAME`, `host`, … are the engine's own. */
function namespaceOf(mode: string | undefined, context: ContainerContext): string | undefined {
  if (mode === undefined) return undefined;
  return mode.startsWith('service:') ? `container:${context.containerNameOf(mode.slice('service:'.length))}` : mode;
}

function mountOf(volume: VolumeMount, context: ContainerContext): MountConfig {
  const { type, source, target } = volume;
  const readOnly = volume.read_only ?? false;
  if (type === 'bind') {
    return compact({
      type,
      source,
      target,
      readOnly,
      propagation: volume.bind?.propagation,
      createSource: volume.bind?.create_host_path ?? true,
    });
  }
  if (type === 'tmpfs')
    return compact({ type, target, readOnly, sizeBytes: volume.tmpfs?.size, mode: volume.tmpfs?.mode });
  return compact({
    type: 'volume' as const,
    source: source === undefined ? undefined : context.volumeName(source),
    target,
    readOnly,
    noCopy: volume.volume?.nocopy,
    subpath: volume.volume?.subpath,
  });
}

function splitTmpfs(text: string): [string, string] {
  const colon = text.indexOf(':');
  return colon === -1 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}

function publishOf(port: PortMapping): ContainerConfig['ports'][number] {
  return compact({
    containerPort: `${port.target}/${port.protocol ?? 'tcp'}`,
    hostIp: port.host_ip,
    hostPort: port.published,
  });
}

function exposedPortsOf(spec: ServiceSpec): string[] {
  const published = (spec.ports ?? []).map((port) => `${port.target}/${port.protocol ?? 'tcp'}`);
  const exposed = (spec.expose ?? []).map((port) => (port.includes('/') ? port : `${port}/tcp`));
  return [...new Set([...published, ...exposed])].sort();
}

/** The engine's own policy only where the user declared one: undeclared, Berth restarts in dependency order and says why. */
function restartPolicyOf(spec: ServiceSpec): ContainerConfig['restart'] {
  const [name = 'no', retries] = (spec.restart ?? 'no').split(':');
  if (name === 'always' || name === 'unless-stopped') return { name };
  if (name === 'on-failure') return retries === undefined ? { name } : { name, maximumRetries: Number(retries) };
  return { name: 'no' };
}

/** Without the fields that are undefined: absent and undefined must give one digest. */
function compact<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}
