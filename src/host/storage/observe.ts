import { mapperPath } from '../../config/device-path.ts';
import type { HostConfig } from '../../config/host-config.ts';
import type { LuksConfig } from '../../config/storage-config.ts';
import type { BlockDevice, HostFiles, HostPorts, MountEntry } from '../ports.ts';
import type { KeptKey, ObservedGrowth, ObservedStorage } from './draft.ts';
import { candidatePath, keptPath } from './luks-keys.ts';
import { arrayPath } from './makers.ts';

/** undefined for a directory tree: it has no devices of its own. */
export async function observeStorage(config: HostConfig, ports: HostPorts): Promise<ObservedStorage | undefined> {
  if (ports.kernel === undefined) return undefined;
  const { disks, raid, luks = [], filesystems, grow } = config.storage;
  const names = new Set([
    ...disks.map(({ device }) => device),
    ...raid.flatMap(({ name, devices }) => [arrayPath(name), ...devices]),
    ...luks.flatMap(({ name, device }) => [mapperPath(name), device]),
    ...filesystems.map(({ device }) => device),
  ]);
  const devices = new Map<string, BlockDevice | undefined>();
  for (const name of names) devices.set(name, await ports.blockDevices.look(name));
  const growth = new Map<string, ObservedGrowth>();
  const mounts = grow.length === 0 ? [] : await ports.kernel.mounts();
  for (const name of grow) growth.set(name, await observeGrowth(name, config, mounts, ports));
  const keys = new Map<string, KeptKey>();
  for (const volume of luks) keys.set(volume.name, await observeKey(volume, ports.files));
  return { devices, growth, keys };
}

async function observeKey({ name, key }: LuksConfig, files: HostFiles): Promise<KeptKey> {
  const kept = await files.read(keptPath(name));
  if (kept === undefined) return (await files.exists(candidatePath(name))) ? 'pending' : 'none';
  // What is on a server may have changed since; what opened the device counts.
  if (key.kind !== 'given') return 'declared';
  return Buffer.from(kept).toString('base64') === key.contentBase64 ? 'declared' : 'other';
}

async function observeGrowth(
  name: string,
  config: HostConfig,
  mounts: readonly MountEntry[],
  { blockDevices }: HostPorts,
): Promise<ObservedGrowth> {
  const mounted = mounts.findLast(({ target }) => target === name);
  const source = mounted?.source ?? config.mounts.find(({ target }) => target === name)?.source ?? name;
  const device = await blockDevices.look(source);
  const disk = device?.partOf === undefined ? undefined : await blockDevices.look(device.partOf.disk);
  const mountPoint = mounted?.target ?? mounts.findLast((mount) => mount.source === device?.path)?.target;
  if (device?.signature.kind !== 'filesystem' || device.signature.type !== 'xfs' || mountPoint === undefined)
    return { device, disk, mountPoint };
  const filesystemBytes = await blockDevices.mountedBytes(mountPoint);
  return { device: { ...device, ...(filesystemBytes === undefined ? {} : { filesystemBytes }) }, disk, mountPoint };
}
