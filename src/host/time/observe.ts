import type { HostConfig } from '../../config/host-config.ts';
import type { HostPorts } from '../ports.ts';
import { type ObservedZone, zonePath } from './plan.ts';

export async function observeZone(config: HostConfig, { files }: HostPorts): Promise<ObservedZone> {
  return { isKnown: await files.exists(zonePath(config)) };
}
