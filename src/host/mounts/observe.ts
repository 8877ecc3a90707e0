import type { HostConfig } from '../../config/host-config.ts';
import type { HostPorts } from '../ports.ts';
import { isDevice, type ObservedMounts } from './plan.ts';

export async function observeMounts(config: HostConfig, { kernel, blockDevices }: HostPorts): Promise<ObservedMounts> {
  const devices = new Map<string, string | undefined>();
  if (kernel === undefined) return { mounts: undefined, devices };
  for (const { source } of config.mounts) {
    if (isDevice(source)) devices.set(source, (await blockDevices.look(source))?.path);
  }
  return { mounts: await kernel.mounts(), devices };
}
