import type { PartitionEntry, PartitionTable, Signature } from '../ports.ts';

/** Reads `blkid --probe --output export`. @param exitCode 2: nothing known; 8: several signatures. Pure. */
export function parseSignature(text: string, exitCode: number): Signature {
  if (exitCode === 8) return { kind: 'unclear', what: 'more than one signature' };
  const values = valuesOf(text);
  const type = values.get('TYPE');
  const label = values.get('LABEL');
  if (type === 'linux_raid_member') return { kind: 'raid-member', ...(label === undefined ? {} : { array: label }) };
  if (type !== undefined) {
    const uuid = values.get('UUID');
    const names = { ...(label === undefined ? {} : { label }), ...(uuid === undefined ? {} : { uuid }) };
    const version = values.get('VERSION') ?? '';
    return type === 'crypto_LUKS' ? { kind: 'encrypted', version, ...names } : { kind: 'filesystem', type, ...names };
  }
  const table = values.get('PTTYPE');
  return table === undefined ? { kind: 'none' } : { kind: 'table', type: table };
}

/** The name that a partition has in its table, from `blkid --probe --output export`. Pure. */
export function parsePartitionName(text: string): string | undefined {
  return valuesOf(text).get('PART_ENTRY_NAME');
}

function valuesOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), unescape(line.slice(line.indexOf('=') + 1))] as const),
  );
}

/** blkid puts a backslash before what a shell would read. */
function unescape(value: string): string {
  return value.replace(/\\(.)/g, '$1');
}

/** Reads `sfdisk --json`. undefined when it is not that. Pure. */
export function parsePartitionTable(text: string): PartitionTable | undefined {
  const table = fieldOf(parseJson(text), 'partitiontable');
  const partitions = fieldOf(table, 'partitions') ?? [];
  if (table === undefined || !Array.isArray(partitions)) return undefined;
  const label = fieldOf(table, 'label');
  return {
    type: label === 'gpt' ? 'gpt' : label === 'dos' ? 'mbr' : 'other',
    sectorBytes: Number(fieldOf(table, 'sectorsize') ?? 512),
    partitions: partitions.map((partition: unknown): PartitionEntry => {
      const [name, uuid] = [fieldOf(partition, 'name'), fieldOf(partition, 'uuid')];
      return {
        // The node of a file's partition is the file's name with the number.
        number: Number(/(\d+)$/.exec(String(fieldOf(partition, 'node')))?.[1] ?? 0),
        startSector: Number(fieldOf(partition, 'start')),
        sizeSectors: Number(fieldOf(partition, 'size')),
        type: String(fieldOf(partition, 'type')),
        ...(typeof name === 'string' ? { name } : {}),
        ...(typeof uuid === 'string' ? { guid: uuid } : {}),
      };
    }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/**
 * Bytes that a file system says it takes, from the first 4 KiB of its device; undefined where that is not known.
 * ext4: https://docs.kernel.org/filesystems/ext4/super.html; XFS: xfs_db(8), type sb. Pure.
 */
export function filesystemBytes(type: string, head: Uint8Array): number | undefined {
  if (head.length < 2048) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (type === 'xfs') return view.getUint32(4) * Number(view.getBigUint64(8));
  if (!/^ext[234]$/.test(type)) return undefined;
  const superblock = 1024;
  const hasHighBlocks = (view.getUint32(superblock + 0x60, true) & 0x80) !== 0;
  const high = hasHighBlocks ? view.getUint32(superblock + 0x150, true) : 0;
  const blocks = view.getUint32(superblock + 0x4, true) + high * 2 ** 32;
  return blocks * 1024 * 2 ** view.getUint32(superblock + 0x18, true);
}

/** Reads `xfs_growfs -n`: the line `data = bsize=4096 blocks=76800, imaxpct=25`. Pure. */
export function xfsBytes(text: string): number | undefined {
  const [, blockBytes, blocks] = /^data\s*=\s*bsize=(\d+)\s+blocks=(\d+)/m.exec(text) ?? [];
  return blocks === undefined ? undefined : Number(blockBytes) * Number(blocks);
}
