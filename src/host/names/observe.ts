import type { HostConfig } from '../../config/host-config.ts';
import type { HostPorts } from '../ports.ts';
import type { ObservedNames } from './plan.ts';

export async function observeNames(config: HostConfig, { kernel }: HostPorts): Promise<ObservedNames> {
  return { hostname: config.hostname === undefined ? undefined : await kernel?.hostname() };
}
