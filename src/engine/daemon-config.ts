import type { ConnectivityConfig, EngineOptions } from '../config/host-config.ts';
import { BerthError } from '../core/errors.ts';
import type { EngineSpec } from './engine-spec.ts';

/** The registry of image names without a host: the only one that dockerd uses mirrors for. */
const defaultRegistry = 'docker.io';

/** Keys that Berth gives on dockerd's command line: dockerd does not start when they stand in its file, too. */
const reservedKeys: Readonly<Record<EngineSpec['role'], readonly string[]>> = {
  user: [
    'data-root',
    'exec-root',
    'pidfile',
    'hosts',
    'containerd',
    'containerd-namespace',
    'containerd-plugin-namespace',
  ],
  system: ['bridge', 'iptables', 'ip6tables'],
};

/**
 * The content of daemon.json: containers outlive dockerd, logs are bounded, registries as declared; `options.daemon` adds to
 * it and wins. Proxies are no part of it: see `engineEnvironment`. Pure. Throws CONFIG_INVALID for keys that are ours to set.
 */
export function daemonConfig(
  options: EngineOptions,
  connectivity: ConnectivityConfig,
  role: EngineSpec['role'] = 'user',
): Record<string, unknown> {
  const reserved = role === 'system' ? [...reservedKeys.user, ...reservedKeys.system] : reservedKeys.user;
  const taken = Object.keys(options.daemon).filter((key) => reserved.includes(key));
  if (taken.length > 0) {
    throw new BerthError('CONFIG_INVALID', `${taken.join(', ')}: Berth sets this for the ${role} engine`, {
      details: { keys: taken },
      hint: "leave it out of the engine's daemon options",
    });
  }
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
    ...options.daemon,
  };
}

/** Registries whose declared mirrors dockerd cannot use: for a warning. Pure. */
export function unusableMirrors(connectivity: ConnectivityConfig): string[] {
  return Object.entries(connectivity.registries)
    .filter(([name, registry]) => name !== defaultRegistry && registry.mirrors.length > 0)
    .map(([name]) => name);
}

function withScheme(mirror: string): string {
  return mirror.includes('://') ? mirror : `https://${mirror}`;
}
