import { partitionPath } from '../../config/device-path.ts';
import type { HostConfig } from '../../config/host-config.ts';
import type { DiskConfig, FilesystemConfig, RaidConfig } from '../../config/storage-config.ts';
import { formatPath } from '../../core/diagnostic.ts';
import type { BlockDevice, Signature } from '../ports.ts';
import type { PlanContext, ResourcePlan } from '../resource.ts';
import type { BlockedChange, HostStep } from '../step.ts';
import { hasLayout, partitionScript, spaceBehind } from './partitions.ts';

/** A partition that may grow. */
export interface ObservedGrowth {
  readonly device: BlockDevice | undefined;
  /** The disk the partition is on. */
  readonly disk: BlockDevice | undefined;
  readonly mountPoint: string | undefined;
}

export interface ObservedStorage {
  /** By the name in the config: a path, `/dev/md/NAME` for an array; undefined when it is not there. */
  readonly devices: ReadonlyMap<string, BlockDevice | undefined>;
  /** By the name in the config: a device or mount point. */
  readonly growth: ReadonlyMap<string, ObservedGrowth>;
}

/** The system's own partitions begin with this. */
const ownPartition = /^berth-/;
/** Less is not worth a change, and what file systems leave over at their ends. */
const growthThreshold = 16 * 2 ** 20;

export const arrayPath = (name: string): string => `/dev/md/${name}`;

/** Partition tables, arrays and file systems of further disks. What destroys data is a step only where it may. Pure. */
export function planStorage(
  config: HostConfig,
  observed: ObservedStorage | undefined,
  context: PlanContext,
): ResourcePlan {
  if (observed === undefined) return {};
  const planner = new StoragePlanner(observed, context);
  for (const disk of config.storage.disks) planner.disk(disk);
  for (const array of config.storage.raid) planner.array(array);
  for (const filesystem of config.storage.filesystems) planner.filesystem(filesystem);
  for (const name of config.storage.grow) planner.growPartition(name);
  return { steps: planner.steps, blocked: planner.blocked };
}

class StoragePlanner {
  readonly steps: HostStep[] = [];
  readonly blocked: BlockedChange[] = [];
  readonly #observed: ObservedStorage;
  readonly #context: PlanContext;
  /** Devices that this plan makes → the step. */
  readonly #made = new Map<string, string>();

  constructor(observed: ObservedStorage, context: PlanContext) {
    this.#observed = observed;
    this.#context = context;
  }

  disk(disk: DiskConfig): void {
    const about = { key: formatPath(['disk_setup', disk.device]), subject: `disk${disk.device}` };
    const device = this.#observed.devices.get(disk.device);
    if (device === undefined) {
      this.#missing(about, disk.device);
      return;
    }
    const mayDestroy = this.#context.mayDestroy(disk.device, device.path);
    if (hasLayout(disk, device, mayDestroy)) return;
    if (device.table?.partitions.some(({ name }) => name !== undefined && ownPartition.test(name)) === true) {
      this.#refuse(about, `${disk.device} is the disk of the system itself`, 'name another disk');
      return;
    }
    if (!this.#mayReplace(device, disk, about, mayDestroy)) return;
    const id = `partition-disk:${disk.device}`;
    for (const index of disk.partitions.keys()) this.#made.set(partitionPath(disk.device, index + 1), id);
    this.steps.push(
      this.#context.step(
        { kind: 'partition-disk', device: disk.device, script: partitionScript(disk, device.sizeBytes) },
        { ...about, id, summary: `partition ${disk.device} (${disk.table}, ${disk.partitions.length})` },
      ),
    );
  }

  array(array: RaidConfig): void {
    const path = arrayPath(array.name);
    const about = { key: `berth.raid.${array.name}`, subject: `raid/${array.name}` };
    if (this.#observed.devices.get(path) !== undefined) return;
    const devices = array.devices.map((name) => ({ name, device: this.#observed.devices.get(name) }));
    const members = devices.filter(({ device }) => isMemberOf(device?.signature, array.name));
    const after = devices.flatMap(({ name }) => this.#made.get(name) ?? []);
    if (members.length > 0 && after.length === 0) {
      const id = `assemble-array:${array.name}`;
      this.#made.set(path, id);
      const present = members.map(({ name }) => name);
      this.steps.push(
        this.#context.step(
          { kind: 'assemble-array', name: array.name, devices: present },
          { ...about, id, summary: `assemble ${path} of ${present.join(', ')}` },
        ),
      );
      return;
    }
    for (const { name, device } of devices) {
      if (this.#made.has(name)) continue;
      if (device === undefined) {
        this.#missing(about, name);
        return;
      }
      const mayDestroy = this.#context.mayDestroy(name, device.path, path);
      if (!this.#mayReplace(device, { overwrite: array.overwrite, device: name }, about, mayDestroy)) return;
    }
    const id = `create-array:${array.name}`;
    this.#made.set(path, id);
    const { level, spares, options } = array;
    this.steps.push(
      this.#context.step(
        { kind: 'create-array', array: { name: array.name, level, devices: array.devices, spares, options } },
        { ...about, id, after, summary: `create ${path} (RAID ${level} of ${array.devices.join(', ')})` },
      ),
    );
  }

  filesystem(filesystem: FilesystemConfig): void {
    const about = { key: formatPath(['fs_setup', filesystem.device]), subject: `filesystem${filesystem.device}` };
    const maker = this.#made.get(filesystem.device);
    // An assembled array keeps what is on it; what that is can be seen once it runs.
    if (maker?.startsWith('assemble-array:') === true) return;
    const device = maker === undefined ? this.#observed.devices.get(filesystem.device) : undefined;
    if (maker === undefined) {
      if (device === undefined) {
        this.#missing(about, filesystem.device);
        return;
      }
      if (isFilesystem(device.signature, filesystem)) return;
      const mayDestroy = this.#context.mayDestroy(filesystem.device, device.path, device.partOf?.disk ?? device.path);
      const overwrite = filesystem.overwrite || isReplaceable(device.signature, filesystem.replaces);
      if (!this.#mayReplace(device, { overwrite, device: filesystem.device }, about, mayDestroy)) return;
    }
    const { type, label, options, overwrite, replaces } = filesystem;
    const request = { type, ...(label === undefined ? {} : { label }), options };
    this.steps.push(
      this.#context.step(
        { kind: 'make-filesystem', device: filesystem.device, request, overwrite, replaces },
        {
          ...about,
          id: `make-filesystem:${filesystem.device}`,
          after: maker === undefined ? [] : [maker],
          summary: `make a file system on ${filesystem.device} (${type})`,
        },
      ),
    );
  }

  growPartition(name: string): void {
    const growth = this.#observed.growth.get(name);
    const { disk, device } = growth ?? {};
    const about = growthOf(name);
    if (device === undefined) {
      this.#missing(about, name);
      return;
    }
    const number = device.partOf?.number;
    if (disk === undefined || number === undefined || spaceBehind(number, disk) < growthThreshold) return;
    this.steps.push(
      this.#context.step(
        { kind: 'grow-partition', disk: disk.path, number },
        { ...about, id: `grow-partition:${name}`, summary: `grow partition ${number} of ${disk.path}` },
      ),
    );
  }

  /** Whether what is on a device may be replaced; when not, that is noted. */
  #mayReplace(
    device: BlockDevice,
    wish: { readonly overwrite: boolean; readonly device: string },
    about: { readonly key: string; readonly subject: string },
    mayDestroy: boolean,
  ): boolean {
    const held = describeSignature(device.signature);
    if (held !== undefined && !wish.overwrite) {
      this.#refuse(
        about,
        `${wish.device} holds ${held}, which nothing says may be lost`,
        'say "overwrite: true" if it may',
      );
      return false;
    }
    if (mayDestroy) return true;
    const why = `${wish.device} is written over on the first apply only${held === undefined ? '' : `; it holds ${held}`}`;
    this.blocked.push({ ...about, why, until: 'destroy', hint: `berth apply --destroy ${wish.device}` });
    return false;
  }

  #missing(about: { readonly key: string; readonly subject: string }, device: string): void {
    this.blocked.push({
      ...about,
      why: `${device} is not there`,
      until: 'device',
      hint: 'it is looked for again later',
    });
  }

  #refuse(about: { readonly key: string; readonly subject: string }, why: string, hint: string): void {
    this.blocked.push({ ...about, why, until: 'config', hint });
  }
}

/** File systems that are smaller than what they are on. After mounts: XFS grows only while it is mounted. Pure. */
export function planGrowth(
  config: HostConfig,
  observed: ObservedStorage | undefined,
  context: PlanContext,
): ResourcePlan {
  if (observed === undefined) return {};
  const steps: HostStep[] = [];
  const blocked: BlockedChange[] = [];
  for (const name of config.storage.grow) {
    const { device, disk, mountPoint } = observed.growth.get(name) ?? {};
    if (device === undefined) continue;
    const about = growthOf(name);
    const { signature, filesystemBytes } = device;
    const type = signature.kind === 'filesystem' ? signature.type : undefined;
    const canGrow = type !== undefined && (type === 'xfs' || /^ext[234]$/.test(type));
    const number = device.partOf?.number;
    const gain = disk === undefined || number === undefined ? 0 : spaceBehind(number, disk);
    const isShort = filesystemBytes !== undefined && device.sizeBytes - filesystemBytes >= growthThreshold;
    if (!isShort && gain < growthThreshold) continue;
    const declared = config.mounts.find(({ target, source }) => target === name || source === name)?.target;
    const target = mountPoint ?? declared;
    if (!canGrow) {
      const hint = 'remove it from growpart.devices';
      blocked.push({ ...about, why: `${type ?? 'what is on it'} cannot be grown`, until: 'config', hint });
    } else if (type === 'xfs' && target === undefined) {
      blocked.push({
        ...about,
        why: 'XFS grows only while it is mounted',
        until: 'config',
        hint: 'declare it under "mounts"',
      });
    } else {
      const action = {
        kind: 'grow-filesystem',
        device: device.path,
        type,
        ...(target === undefined ? {} : { mountPoint: target }),
      } as const;
      const after = [`grow-partition:${name}`, ...(target === undefined ? [] : [`mount:mount${target}`])];
      steps.push(
        context.step(action, {
          ...about,
          id: `grow-filesystem:${name}`,
          after,
          summary: `grow the file system on ${device.path}`,
        }),
      );
    }
  }
  return { steps, blocked };
}

function growthOf(name: string): { key: string; subject: string } {
  return { key: 'growpart.devices', subject: `growth${name}` };
}

function isMemberOf(signature: Signature | undefined, array: string): boolean {
  if (signature?.kind !== 'raid-member') return false;
  // mdadm puts the host's name in front.
  return signature.array === array || signature.array?.endsWith(`:${array}`) === true;
}

function isFilesystem(signature: Signature, { type, label }: FilesystemConfig): boolean {
  if (signature.kind !== 'filesystem' || signature.type !== type) return false;
  // vfat has its labels in capitals.
  return label === undefined || signature.label?.toUpperCase() === label.toUpperCase();
}

function isReplaceable(signature: Signature, replaces: readonly string[]): boolean {
  return signature.kind === 'filesystem' && replaces.includes(signature.type);
}

/** What a device holds, for a person; undefined for nothing. */
export function describeSignature(signature: Signature): string | undefined {
  switch (signature.kind) {
    case 'none':
      return undefined;
    case 'filesystem':
      return `${signature.type}${signature.label === undefined ? '' : ` (${signature.label})`}`;
    case 'table':
      return `a partition table (${signature.type})`;
    case 'raid-member':
      return `a part of the array ${signature.array ?? 'of another host'}`;
    case 'unclear':
      return signature.what;
  }
}
