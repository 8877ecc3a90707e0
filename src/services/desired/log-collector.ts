import type { ServiceSpec } from '../../config/service-spec.ts';

/** The catalogue service that collects what the others write. */
export const logCollectorService = 'syslog';

/** How a service logs. */
export interface Logging {
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
}

const defaultPort = '1514';
/** Options of the driver `local`, and those of the copy that an engine keeps beside another driver (for `docker logs`). */
const copyOptions = { 'max-size': 'cache-max-size', 'max-file': 'cache-max-file', compress: 'cache-compress' } as const;

/**
 * Logging to the collector under the service's name, with a local copy as large as it would be without. UDP on loopback:
 * a service never waits for the collector, and starts without it. Pure.
 */
export function collectedLogging(collector: ServiceSpec, service: string, local: Logging): Logging {
  const copy = Object.entries(copyOptions).flatMap(([option, copied]) => {
    const value = local.options[option];
    return value === undefined ? [] : [[copied, value] as const];
  });
  const options = {
    'syslog-address': `udp://127.0.0.1:${collector.environment?.['SYSLOG_PORT'] ?? defaultPort}`,
    'syslog-format': 'rfc5424micro',
    tag: service,
    ...Object.fromEntries(copy),
  };
  return { driver: 'syslog', options };
}

/**
 * Whether a service's log goes to the collector: it says nothing of `logging` itself, and its engine has the default driver
 * (another one was somebody's choice). Pure.
 */
export function canBeCollected(name: string, spec: ServiceSpec, engineDriver: string): boolean {
  return name !== logCollectorService && spec.logging === undefined && engineDriver === 'local';
}
