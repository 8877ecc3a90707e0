import type { MountConfig, SwapConfig } from '../host-config.ts';
import type { DiskConfig, FilesystemConfig, LuksConfig, PartitionConfig, RaidConfig } from '../storage-config.ts';
import { filled, map, type Written, type WrittenMap } from './written.ts';

/** `disk_setup`: sizes are shares there; the last partition takes what is left when they add up to the whole. */
export function writeDisk({ table, partitions, overwrite }: DiskConfig): Written {
  return { table_type: table, layout: layoutOf(partitions), overwrite };
}

function layoutOf(partitions: readonly PartitionConfig[]): Written {
  const [first, ...others] = partitions;
  if (others.length === 0 && first?.size.kind === 'rest' && (first.type ?? 'linux') === 'linux') return true;
  const share = partitions.reduce((sum, { size }) => sum + (size.kind === 'percent' ? size.percent : 0), 0);
  return partitions.map(({ size, type = 'linux' }) => [
    size.kind === 'percent' ? size.percent : Math.max(1, 100 - share),
    type,
  ]);
}

/** An entry of `fs_setup`. */
export function writeFilesystem(filesystem: FilesystemConfig): Written {
  const { device, type, label, options, overwrite, replaces } = filesystem;
  return (
    map({
      label,
      filesystem: type,
      device,
      partition: 'none',
      overwrite,
      replace_fs: replaces[0],
      extra_opts: filled(options),
    }) ?? {}
  );
}

/** An entry of `berth.raid`. */
export function writeRaid({ level, devices, spares, options, overwrite }: RaidConfig): Written {
  return (
    map({
      level: Number(level),
      devices,
      spares: spares === 0 ? undefined : spares,
      options: filled(options),
      overwrite: overwrite ? true : undefined,
    }) ?? {}
  );
}

/** The entry of `berth.luks`; none where the key is on a server, which is not said there. */
export function writeLuks(luks: LuksConfig): [name: string, entry: Written][] {
  const { name, device, key, label, uuid, options, openOptions, discard, overwrite } = luks;
  if (key.kind === 'remote') return [];
  const entry = map({
    device,
    ...(key.kind === 'random' ? {} : writeKey(key.contentBase64)),
    label,
    uuid,
    options: filled(options),
    open_options: filled(openOptions),
    discard: discard ? true : undefined,
    overwrite: overwrite ? true : undefined,
  });
  return [[name, entry ?? {}]];
}

function writeKey(contentBase64: string): Record<string, Written> {
  const bytes = Buffer.from(contentBase64, 'base64');
  const text = bytes.toString('utf8');
  return /^[\x20-\x7e]*$/.test(text) ? { key: text } : { key_base64: contentBase64 };
}

/** `mounts`, swap devices included. */
export function writeMounts(mounts: readonly MountConfig[], swap: readonly SwapConfig[]): Written[] {
  return [
    ...mounts.map(({ source, target, type, options }) => [source, target, type, options.join(',')]),
    ...swap.flatMap((area) => (area.kind === 'device' ? [[area.source, 'none', 'swap', area.options.join(',')]] : [])),
  ];
}

/** `swap`: one file. */
export function writeSwapFile(swap: readonly SwapConfig[]): WrittenMap | undefined {
  const file = swap.find((area) => area.kind === 'file');
  return file === undefined ? undefined : map({ filename: file.path, size: file.size, maxsize: file.maxBytes });
}
