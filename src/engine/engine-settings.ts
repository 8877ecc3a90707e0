import type { ConnectivityConfig, HostConfig } from '../config/host-config.ts';
import { daemonConfig } from './daemon-config.ts';

/** What a host config says about an engine. Plain data; another one needs a restart of dockerd. */
export interface EngineSettings {
  /** Content of daemon.json, keys sorted. */
  readonly daemon: Readonly<Record<string, unknown>>;
  readonly proxy: ConnectivityConfig['proxy'];
  /** PEM texts to trust besides the machine's own. */
  readonly caCertificates: readonly string[];
}

/** The system engine's settings. Pure. */
export function systemEngineSettings({ engines, connectivity }: HostConfig): EngineSettings {
  const daemon = daemonConfig(engines.system, connectivity, 'system');
  return {
    daemon: Object.fromEntries(Object.entries(daemon).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    proxy: connectivity.proxy,
    caCertificates: connectivity.caCertificates,
  };
}

/** True when dockerd need not be restarted to go from one to the other. Pure. */
export function sameSettings(a: EngineSettings, b: EngineSettings): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
