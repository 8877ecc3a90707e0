import { reservedDaemonKeys } from '../config/daemon-keys.ts';
import type { ConnectivityConfig, EngineOptions } from '../config/host-config.ts';
import type { EngineSpec } from './engine-spec.ts';

/** The registry of image names without a host: the only one that dockerd uses mirrors for. */
const defaultRegistry = 'docker.io';

/**
 * The content of daemon.json: containers outlive dockerd, logs are bounded, registries as declared; `options.daemon` adds to
 * it and wins, but for the keys that are ours to set (the config's reader reports those). Proxies are no part of it: see
 * `engineEnvironment`. Pure.
 */
export function daemonConfig(
  options: EngineOptions,
  connectivity: ConnectivityConfig,
  role: EngineSpec['role'] = 'user',
): Record<string, unknown> {
  const registries = Object.entries(connectivity.registries);
  const mirrors = connectivity.registries[defaultRegistry]?.mirrors ?? [];
  const insecure = registries.filter(([, registry]) => registry.insecure).map(([name]) => name);
  const { servers, search, options: resolverOptions } = connectivity.dns;
  return {
    'live-restore': true,
    'log-driver': options.logDriver,
    'log-opts': options.logOptions,
    ...(mirrors.length === 0 ? {} : { 'registry-mirrors': mirrors.map(withScheme) }),
    ...(insecure.length === 0 ? {} : { 'insecure-registries': insecure }),
    ...(servers.length === 0 ? {} : { dns: servers }),
    ...(search.length === 0 ? {} : { 'dns-search': search }),
    ...(resolverOptions.length === 0 ? {} : { 'dns-opts': resolverOptions }),
    ...Object.fromEntries(Object.entries(options.daemon).filter(([key]) => !reservedDaemonKeys[role].includes(key))),
  };
}

function withScheme(mirror: string): string {
  return mirror.includes('://') ? mirror : `https://${mirror}`;
}
