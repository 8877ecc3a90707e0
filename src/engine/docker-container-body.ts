import { BerthError } from '../core/errors.ts';
import type { ContainerConfig, MountConfig } from './container-engine.ts';

type Endpoint = ContainerConfig['networks'][number];

/** What to send to create a container: one request, and (before API 1.44) further networks to connect it to afterwards. */
export interface ContainerBody {
  readonly body: Readonly<Record<string, unknown>>;
  readonly connect: readonly { readonly network: string; readonly endpoint: Readonly<Record<string, unknown>> }[];
}

/**
 * The Docker API's form of a container. `minor` is the negotiated API's minor version: what that engine does not know is left
 * out where it only tunes (StartInterval), and throws UNSUPPORTED where the container would be another one. Pure.
 */
export function containerBody(config: ContainerConfig, minor: number): ContainerBody {
  const severalEndpoints = minor >= 44;
  const now = severalEndpoints ? config.networks : config.networks.slice(0, 1);
  const later = severalEndpoints ? [] : config.networks.slice(1);
  if (later.some((network) => network.macAddress !== undefined))
    throw unsupported('a MAC address on a second network', minor, 44);
  const health = config.healthcheck;
  const body = {
    Image: config.image,
    Cmd: config.command,
    Entrypoint: config.entrypoint,
    Env: config.environment,
    Labels: config.labels,
    Hostname: config.hostname,
    Domainname: config.domainName,
    User: config.user,
    WorkingDir: config.workingDirectory,
    Tty: config.tty,
    OpenStdin: config.openStdin,
    StopSignal: config.stopSignal,
    StopTimeout: config.stopGraceSeconds,
    Healthcheck: health && {
      Test: health.test,
      Interval: health.intervalNs,
      Timeout: health.timeoutNs,
      Retries: health.retries,
      StartPeriod: health.startPeriodNs,
      StartInterval: minor >= 44 ? health.startIntervalNs : undefined,
    },
    ExposedPorts: Object.fromEntries(
      [...config.exposedPorts, ...config.ports.map((port) => port.containerPort)].map((port) => [
        withProtocol(port),
        {},
      ]),
    ),
    // Before 1.44 the container's own address is the one on its first network.
    MacAddress: severalEndpoints ? undefined : now[0]?.macAddress,
    HostConfig: hostConfig(config, minor),
    NetworkingConfig:
      now.length === 0
        ? undefined
        : {
            EndpointsConfig: Object.fromEntries(
              now.map((network) => [network.name, endpoint(network, severalEndpoints)]),
            ),
          },
  };
  return { body, connect: later.map((network) => ({ network: network.name, endpoint: endpoint(network, false) })) };
}

function hostConfig(config: ContainerConfig, minor: number): Record<string, unknown> {
  if (config.annotations !== undefined && Object.keys(config.annotations).length > 0 && minor < 43) {
    throw unsupported('annotations', minor, 43);
  }
  const asBinds = config.mounts.filter(isPlainBind);
  return {
    NetworkMode: config.networkMode,
    PortBindings: portBindings(config.ports),
    Binds: asBinds.map(bindText),
    Mounts: config.mounts.filter((mount) => !isPlainBind(mount)).map((mount) => mountBody(mount, minor)),
    Tmpfs: config.tmpfs,
    PidMode: config.pidMode,
    IpcMode: config.ipcMode,
    UTSMode: config.utsMode,
    UsernsMode: config.usernsMode,
    CgroupnsMode: config.cgroupNamespaceMode,
    CgroupParent: config.cgroupParent,
    Privileged: config.privileged,
    CapAdd: config.capabilitiesAdd,
    CapDrop: config.capabilitiesDrop,
    ...securityBody(config.securityOptions),
    ReadonlyRootfs: config.readOnlyRoot,
    GroupAdd: config.groups,
    Devices: config.devices.map((device) => ({
      PathOnHost: device.hostPath,
      PathInContainer: device.containerPath,
      CgroupPermissions: device.permissions,
    })),
    DeviceCgroupRules: config.deviceCgroupRules,
    Ulimits: config.ulimits.map((limit) => ({ Name: limit.name, Soft: limit.soft, Hard: limit.hard })),
    Sysctls: config.sysctls,
    Annotations: minor >= 43 ? config.annotations : undefined,
    RestartPolicy: { Name: config.restart.name, MaximumRetryCount: config.restart.maximumRetries },
    Init: config.init,
    LogConfig: config.logging && { Type: config.logging.driver, Config: config.logging.options },
    Runtime: config.runtime,
    Memory: config.memoryBytes,
    MemoryReservation: config.memoryReservationBytes,
    MemorySwap: config.memorySwapBytes,
    MemorySwappiness: config.memorySwappiness,
    OomKillDisable: config.oomKillDisable,
    OomScoreAdj: config.oomScoreAdjust,
    ShmSize: config.shmSizeBytes,
    NanoCpus: config.nanoCpus,
    CpuShares: config.cpuShares,
    CpuQuota: config.cpuQuota,
    CpuPeriod: config.cpuPeriod,
    CpusetCpus: config.cpuset,
    PidsLimit: config.pidsLimit,
    StorageOpt: config.storageOptions,
    ExtraHosts: config.extraHosts,
    Dns: config.dns,
    DnsSearch: config.dnsSearch,
    DnsOptions: config.dnsOptions,
  };
}

/** A bind that creates its source: the old `Binds` form does that on every engine, `Mounts` only on later ones. */
function isPlainBind(mount: MountConfig): boolean {
  return mount.type === 'bind' && mount.createSource === true && !`${mount.source ?? ''}${mount.target}`.includes(':');
}

function bindText(mount: MountConfig): string {
  const mode = [mount.readOnly ? 'ro' : 'rw', ...(mount.propagation === undefined ? [] : [mount.propagation])].join(
    ',',
  );
  return `${mount.source ?? ''}:${mount.target}:${mode}`;
}

function mountBody(mount: MountConfig, minor: number): Record<string, unknown> {
  const common = { Type: mount.type, Source: mount.source, Target: mount.target, ReadOnly: mount.readOnly };
  switch (mount.type) {
    case 'bind':
      if (mount.createSource === true && minor < 42)
        throw unsupported('creating a bind source with a colon in its path', minor, 42);
      return { ...common, BindOptions: { Propagation: mount.propagation, CreateMountpoint: mount.createSource } };
    case 'volume':
      if (mount.subpath !== undefined && minor < 45) throw unsupported('a volume subpath', minor, 45);
      return { ...common, VolumeOptions: { NoCopy: mount.noCopy, Subpath: mount.subpath } };
    case 'tmpfs':
      return { ...common, TmpfsOptions: { SizeBytes: mount.sizeBytes, Mode: mount.mode } };
  }
}

function endpoint(network: Endpoint, withMac: boolean): Record<string, unknown> {
  const addresses = {
    IPv4Address: network.ipv4Address,
    IPv6Address: network.ipv6Address,
    LinkLocalIPs: network.linkLocalIps,
  };
  const fixed = Object.values(addresses).some((address) => address !== undefined);
  return {
    Aliases: network.aliases,
    IPAMConfig: fixed ? addresses : undefined,
    MacAddress: withMac ? network.macAddress : undefined,
    DriverOpts: network.driverOptions,
  };
}

/** `systempaths=unconfined` is a word of Docker's command line; the API takes the two lists it stands for. */
function securityBody(options: readonly string[]): Record<string, unknown> {
  const open = options.includes('systempaths=unconfined');
  return {
    SecurityOpt: options.filter((option) => option !== 'systempaths=unconfined'),
    ...(open ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
  };
}

function portBindings(ports: ContainerConfig['ports']): Record<string, unknown> {
  const bindings: Record<string, { HostIp: string | undefined; HostPort: string | undefined }[]> = {};
  for (const port of ports) {
    (bindings[withProtocol(port.containerPort)] ??= []).push({ HostIp: port.hostIp, HostPort: port.hostPort });
  }
  return bindings;
}

function withProtocol(port: string): string {
  return port.includes('/') ? port : `${port}/tcp`;
}

function unsupported(what: string, minor: number, since: number): BerthError {
  return new BerthError('UNSUPPORTED', `${what} needs Docker API 1.${since}; this engine speaks 1.${minor}`, {
    hint: 'use a newer engine, or leave it out',
  });
}
