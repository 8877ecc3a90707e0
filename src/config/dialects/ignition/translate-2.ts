import type { DocumentPath } from '../../../core/diagnostic.ts';
import { joinPaths } from '../../go/go-path.ts';
import type { Disk, File, Filesystem, IgnitionConfig, Resource, Storage, Unit, User } from './model.ts';
import type {
  Disk2,
  File2,
  Filesystem2,
  IgnitionConfig2,
  Node2,
  Resource2,
  Storage2,
  Unit2,
  User2,
} from './model-2.ts';

/** Sectors of 512 bytes. */
const sectorsPerMiB = 2048;

/**
 * A config of version 2 in the words of the newest version. Entries of lists stay where they stand, so that places hold;
 * a file on a file system that is only mounted while Ignition runs keeps a path below {@link unmounted}. Pure.
 */
export function translateFrom2(config: IgnitionConfig2): IgnitionConfig {
  const { ignition, storage, systemd, networkd, passwd } = config;
  const { append, replace } = ignition?.config ?? {};
  const references = {
    ...(append === undefined ? {} : { merge: append.map(referenceFrom2) }),
    ...(replace === undefined ? {} : { replace: referenceFrom2(replace) }),
  };
  return {
    ignition: { ...ignition, config: references },
    ...(storage === undefined ? {} : { storage: storageFrom2(storage) }),
    ...(systemd?.units === undefined ? {} : { systemd: { units: systemd.units.map(unitFrom2) } }),
    ...(networkd === undefined ? {} : { networkd }),
    ...(passwd === undefined
      ? {}
      : { passwd: { ...passwd, ...(passwd.users === undefined ? {} : { users: passwd.users.map(userFrom2) }) } }),
  };
}

/** Begins the path of what is on a file system without a mount point. */
export const unmounted = '\0';

function referenceFrom2(reference: Resource2): Resource {
  return reference;
}

function storageFrom2(storage: Storage2): Storage {
  const { disks, filesystems = [], files, directories, links, raid } = storage;
  const root = rootsOf(filesystems);
  return {
    ...(raid === undefined ? {} : { raid }),
    ...(disks === undefined ? {} : { disks: disks.map(diskFrom2) }),
    filesystems: filesystems.map(filesystemFrom2),
    ...(files === undefined ? {} : { files: files.map((file) => fileFrom2(file, root)) }),
    ...(directories === undefined
      ? {}
      : { directories: directories.map((node) => ({ ...placed(node, root), mode: node.mode ?? 0 })) }),
    ...(links === undefined ? {} : { links: links.map((node) => placed(node, root)) }),
  };
}

/** Where the root of each file system is. */
function rootsOf(filesystems: readonly Filesystem2[]): ReadonlyMap<string, string> {
  return new Map([['root', '/'], ...filesystems.map(({ name = '', path }) => [name, path ?? unmounted] as const)]);
}

function placed<T extends Node2>(node: T, roots: ReadonlyMap<string, string>): Omit<T, 'filesystem'> {
  const { filesystem = '', ...rest } = node;
  return { ...rest, path: joinPaths(roots.get(filesystem) ?? unmounted, node.path ?? '') };
}

/** What is left out is 0 in the mode, and an empty file in the contents; what is there is written over. */
function fileFrom2(file: File2, roots: ReadonlyMap<string, string>): File {
  const { contents = {}, append = false, ...rest } = placed(file, roots);
  const resource = { ...contents, source: contents.source ?? '' };
  const node = { ...rest, mode: file.mode ?? 0 };
  if (append) return { ...node, append: [resource] };
  return { ...node, overwrite: file.overwrite ?? true, contents: resource };
}

function diskFrom2({ partitions, ...disk }: Disk2): Disk {
  if (partitions === undefined) return disk;
  return {
    ...disk,
    partitions: partitions.map(({ size, start, ...partition }) => ({
      ...partition,
      ...(size === undefined ? {} : { sizeMiB: Math.ceil(size / sectorsPerMiB) }),
      ...(start === undefined ? {} : { startMiB: start / sectorsPerMiB }),
    })),
  };
}

/** One that has only a path makes nothing: it is a name for that path. */
function filesystemFrom2({ mount }: Filesystem2): Filesystem {
  if (mount === undefined) return {};
  const { create, ...rest } = mount;
  if (create === undefined) return rest;
  return { ...rest, wipeFilesystem: create.force === true, options: create.options ?? [] };
}

function unitFrom2({ enable, ...unit }: Unit2): Unit {
  return enable === true && unit.enabled === undefined ? { ...unit, enabled: true } : unit;
}

function userFrom2({ create, ...user }: User2): User {
  return { ...user, ...create };
}

/** The path in a document of version 2 of what the newest version has at a path. */
export function pathIn2(path: DocumentPath): DocumentPath {
  const [section, list, index, key, ...rest] = path;
  if (section === 'ignition' && list === 'config' && index === 'merge')
    return [section, list, 'append', ...path.slice(3)];
  if (section === 'storage' && list === 'filesystems' && index !== undefined && key !== undefined && key !== 'name') {
    return [section, list, index, 'mount', key, ...rest];
  }
  return path;
}
