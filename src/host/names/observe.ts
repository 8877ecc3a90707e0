import type { HostConfig } from '../../config/host-config.ts';
import type { HostPorts } from '../ports.ts';
import type { ObservedNames } from './plan.ts';

export async function observeNames(
  { hostname }: HostConfig,
  previous: HostConfig,
  { kernel }: HostPorts,
): Promise<ObservedNames> {
  return { hostname: (hostname ?? previous.hostname) === undefined ? undefined : await kernel?.hostname() };
}
