import type { EngineName } from './service-spec.ts';

const ofBoth = [
  'data-root',
  'exec-root',
  'pidfile',
  'hosts',
  'containerd',
  'containerd-namespace',
  'containerd-plugin-namespace',
  'live-restore',
];

/** Keys of daemon.json that Berth sets itself, by engine: its places, and what containers that outlive it depend on. */
export const reservedDaemonKeys: Readonly<Record<EngineName, readonly string[]>> = {
  system: [...ofBoth, 'bridge', 'iptables', 'ip6tables'],
  user: [...ofBoth, 'group', 'init-path'],
};
