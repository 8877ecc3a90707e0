import { BerthError } from '../../src/core/errors.ts';

/** A partition as the table on a disk has it. */
export interface GptEntry {
  readonly number: number;
  readonly name: string;
  readonly type: string;
  readonly id: string;
  readonly startBytes: number;
  readonly sizeBytes: number;
}

const sectorBytes = 512;

/** Bytes from the disk's beginning that hold its partition table. */
export const gptBytes = 34 * sectorBytes;

/** Reads the partition table in the disk's first {@link gptBytes}. Source: UEFI specification 5.3. Throws CONFIG_INVALID. Pure. */
export function readGpt(head: Buffer): GptEntry[] {
  const header = sectorBytes;
  if (head.toString('latin1', header, header + 8) !== 'EFI PART') {
    throw new BerthError('CONFIG_INVALID', 'this is no disk with a GUID partition table');
  }
  const table = Number(head.readBigUInt64LE(header + 72)) * sectorBytes;
  const entryBytes = head.readUInt32LE(header + 84);
  const entries: GptEntry[] = [];
  for (let number = 1; number <= head.readUInt32LE(header + 80); number++) {
    const at = table + (number - 1) * entryBytes;
    const type = guid(head, at);
    if (/^[0-]+$/.test(type)) continue;
    const first = Number(head.readBigUInt64LE(at + 32));
    const last = Number(head.readBigUInt64LE(at + 40));
    entries.push({
      number,
      name: head.toString('utf16le', at + 56, at + 128).replace(/\0.*$/, ''),
      type,
      id: guid(head, at + 16),
      startBytes: first * sectorBytes,
      sizeBytes: (last - first + 1) * sectorBytes,
    });
  }
  return entries;
}

/** The first three fields are little-endian: RFC 4122, UEFI specification appendix A. */
function guid(data: Buffer, at: number): string {
  const hex = (from: number, to: number) => data.toString('hex', at + from, at + to);
  const reversed = (from: number, to: number) =>
    Buffer.from(data.subarray(at + from, at + to))
      .reverse()
      .toString('hex');
  return [reversed(0, 4), reversed(4, 6), reversed(6, 8), hex(8, 10), hex(10, 16)].join('-').toUpperCase();
}
