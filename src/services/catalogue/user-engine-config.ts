import type { HostConfig } from '../../config/host-config.ts';
import { daemonConfig } from '../../engine/daemon-config.ts';

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
  const { connectivity, engines } = config;
  const daemon: Record<string, unknown> = {
    ...proxies(connectivity.proxy),
    ...daemonConfig(engines.user, connectivity, 'user'),
    'data-root': places.root,
    'exec-root': `${places.run}/exec`,
    pidfile: `${places.run}/dockerd.pid`,
    hosts: [...new Set(places.sockets)].map((socket) => `unix://${socket}`),
    group: String(places.groupId),
    containerd: places.containerd,
    'init-path': `${places.root}/bin/docker-init`,
    ...(places.bridge === '' ? {} : { bridge: places.bridge }),
  };
  return `${JSON.stringify(daemon, null, 2)}\n`;
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
