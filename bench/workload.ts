import { testImageName } from '../test/engine/support/test-image.ts';

/** What the peers are asked to run, in the words of the Compose specification: the same text goes to Compose and to Berth. */
export interface Workload {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks?: Readonly<Record<string, object>>;
}

export interface Service {
  readonly image: string;
  /** `sleep` as process 1 ignores SIGTERM: nobody shall measure the wait for a kill. */
  readonly stop_signal: 'SIGKILL';
  readonly network_mode?: 'host';
  readonly networks?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[]; readonly interval: string };
  readonly depends_on?: Readonly<Record<string, { readonly condition: 'service_healthy' }>>;
}

export type NetworkKind = 'host' | 'bridge';

/** The one bridge network of a workload. */
export const bridgeName = 'front';

const base = { image: testImageName, stop_signal: 'SIGKILL' } as const;

/** @param adjust makes more of some of the services; gets the index. */
export function alike(
  count: number,
  network: NetworkKind = 'host',
  adjust: (index: number) => Partial<Service> = () => ({}),
): Workload {
  const attach = network === 'host' ? ({ network_mode: 'host' } as const) : { networks: [bridgeName] };
  const entries = Array.from({ length: count }, (_, index): [string, Service] => [
    `s${String(index).padStart(3, '0')}`,
    { ...base, ...attach, ...adjust(index) },
  ]);
  return {
    services: Object.fromEntries(entries),
    ...(network === 'bridge' ? { networks: { [bridgeName]: {} } } : {}),
  };
}

/** Services in a row, each waiting for the health of the one before. */
export function healthChain(length: number): Workload {
  return alike(length, 'host', (index) => ({
    healthcheck: { test: ['CMD', 'true'], interval: '1s' },
    ...(index === 0
      ? {}
      : { depends_on: { [`s${String(index - 1).padStart(3, '0')}`]: { condition: 'service_healthy' } } }),
  }));
}

/** JSON is YAML. */
export function composeFile(workload: Workload): string {
  return JSON.stringify(workload);
}

export function berthConfig(workload: Workload): string {
  return `#cloud-config\n${JSON.stringify({ berth: workload })}\n`;
}
