import type { DocumentPath } from '../../../core/diagnostic.ts';
import type { File1, Filesystem1, IgnitionConfig1 } from './model-1.ts';
import type { File2, Filesystem2, IgnitionConfig2 } from './model-2.ts';

/** A config of version 1 in the words of version 2. Entries of lists stay where they stand; files become one list. Pure. */
export function translateFrom1({ storage, systemd, networkd, passwd }: IgnitionConfig1): IgnitionConfig2 {
  const { disks, raid, filesystems = [] } = storage ?? {};
  return {
    ...(systemd === undefined ? {} : { systemd }),
    ...(networkd === undefined ? {} : { networkd }),
    ...(passwd === undefined ? {} : { passwd }),
    storage: {
      ...(disks === undefined ? {} : { disks }),
      ...(raid === undefined ? {} : { raid }),
      filesystems: filesystems.map(filesystemFrom1),
      files: filesystems.flatMap(({ files = [] }, index) => files.map((file) => fileFrom1(file, nameOf(index)))),
    },
  };
}

/** File systems have no names in version 1. */
function nameOf(index: number): string {
  return `file system ${index}`;
}

function filesystemFrom1({ device, format, create }: Filesystem1, index: number): Filesystem2 {
  return {
    name: nameOf(index),
    mount: {
      ...(device === undefined ? {} : { device }),
      ...(format === undefined ? {} : { format }),
      ...(create === undefined ? {} : { create }),
    },
  };
}

/** The contents are the text itself; who owns it is a number. */
function fileFrom1({ path, contents = '', mode, uid, gid }: File1, filesystem: string): File2 {
  return {
    filesystem,
    ...(path === undefined ? {} : { path }),
    ...(mode === undefined ? {} : { mode }),
    ...(uid === undefined ? {} : { user: { id: uid } }),
    ...(gid === undefined ? {} : { group: { id: gid } }),
    contents: { source: `data:;base64,${Buffer.from(contents).toString('base64')}` },
  };
}

/** The path in the document of version 1 of what version 2 has at a path. */
export function pathIn1({ storage }: IgnitionConfig1): (path: DocumentPath) => DocumentPath {
  const files = (storage?.filesystems ?? []).flatMap(({ files: own = [] }, filesystem) =>
    own.map((_file, index) => ['storage', 'filesystems', filesystem, 'files', index]),
  );
  return (path) => {
    const [section, list, index, key, ...rest] = path;
    if (section !== 'storage') return path;
    if (list === 'filesystems' && key === 'mount') return [section, list, Number(index), ...rest];
    const file = list === 'files' ? files[Number(index)] : undefined;
    if (file === undefined) return path;
    return key === undefined ? file : [...file, ownerKeys.get(key) ?? key];
  };
}

const ownerKeys = new Map<string | number, string>([
  ['user', 'uid'],
  ['group', 'gid'],
]);
