import type { HostConfig } from '../../config/host-config.ts';
import type { HostPorts } from '../ports.ts';
import type { ObservedModules, ObservedSysctl } from './plan.ts';

export async function observeModules(config: HostConfig, { kernel }: HostPorts): Promise<ObservedModules> {
  if (kernel === undefined) return undefined;
  return new Map(await Promise.all(config.modules.map(async (name) => [name, await kernel.hasModule(name)] as const)));
}

export async function observeSysctl(config: HostConfig, { kernel }: HostPorts): Promise<ObservedSysctl> {
  if (kernel === undefined) return undefined;
  const names = Object.keys(config.sysctl);
  return new Map(await Promise.all(names.map(async (name) => [name, await kernel.sysctl(name)] as const)));
}
