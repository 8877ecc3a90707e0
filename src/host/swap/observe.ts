import type { HostConfig } from '../../config/host-config.ts';
import type { BlockDevice, HostPorts } from '../ports.ts';
import { nameOf, type ObservedSwap } from './plan.ts';

/** @param previous what was declared before: that is undone. */
export async function observeSwap(
  config: HostConfig,
  previous: HostConfig,
  { kernel, blockDevices }: HostPorts,
): Promise<ObservedSwap | undefined> {
  if (kernel === undefined) return undefined;
  const names = new Set([...config.swap, ...previous.swap].map(nameOf));
  if (names.size === 0) return { active: [], spaces: new Map(), memoryBytes: 0 };
  const spaces = new Map<string, BlockDevice | undefined>();
  for (const name of names) spaces.set(name, await blockDevices.look(name));
  return { active: await kernel.swaps(), spaces, memoryBytes: await kernel.memoryBytes() };
}
