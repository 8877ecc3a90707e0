import type { HostConfig } from '../../config/host-config.ts';

export interface UserEnginePlaces {
  readonly root: string;
  readonly run: string;
  readonly sockets: readonly string[];
  readonly containerd: string;
  /** Name of a bridge that exists; empty: dockerd makes its own. */
  readonly bridge: string;
  readonly groupId: number;
}

/**
 * The user engine's daemon.json. What the user declared for it comes first; what Berth depends on (its places, the shared
 * containerd, containers that outlive it) cannot be changed. Keys: dockerd's configuration reference, 26.1.
 */
export function userEngineConfig(config: HostConfig, places: UserEnginePlaces): string {
  const { connectivity } = config;
  const options = config.engines.user;
  const registries = Object.entries(connectivity.registries);
  const insecure = registries.filter(([, registry]) => registry.insecure).map(([name]) => name);
  const daemon: Record<string, unknown> = {
    'log-driver': options.logDriver,
    'log-opts': options.logOptions,
    ...listKey('dns', connectivity.dns.servers),
    ...listKey('dns-search', connectivity.dns.search),
    ...listKey('dns-opts', connectivity.dns.options),
    // Docker mirrors one registry only: its own hub.
    ...listKey('registry-mirrors', connectivity.registries['docker.io']?.mirrors ?? []),
    ...listKey('insecure-registries', insecure),
    ...proxies(connectivity.proxy),
    ...options.daemon,
    'data-root': places.root,
    'exec-root': `${places.run}/exec`,
    pidfile: `${places.run}/dockerd.pid`,
    hosts: [...new Set(places.sockets)].map((socket) => `unix://${socket}`),
    group: String(places.groupId),
    containerd: places.containerd,
    'live-restore': true,
    'init-path': `${places.root}/bin/docker-init`,
    ...(places.bridge === '' ? {} : { bridge: places.bridge }),
  };
  return `${JSON.stringify(daemon, null, 2)}\n`;
}

function listKey(name: string, values: readonly string[]): Record<string, readonly string[]> {
  return values.length === 0 ? {} : { [name]: values };
}

function proxies({ http, https, noProxy }: HostConfig['connectivity']['proxy']): Record<string, unknown> {
  if (http === undefined && https === undefined) return {};
  return {
    proxies: {
      ...(http === undefined ? {} : { 'http-proxy': http }),
      ...(https === undefined ? {} : { 'https-proxy': https }),
      ...(noProxy.length === 0 ? {} : { 'no-proxy': noProxy.join(',') }),
    },
  };
}
