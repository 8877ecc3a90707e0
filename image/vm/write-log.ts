import { BerthError } from '../../src/core/errors.ts';

/** The head of a log of writes. Source: the kernel's drivers/md/dm-log-writes.c, which QEMU's blklogwrites writes like. */
export interface WriteLogHead {
  readonly sectorBytes: number;
  /** As of the last flush; more may follow when the machine was stopped since. */
  readonly entries: number;
}

/** One entry: what was written where. All numbers in bytes. */
export interface LoggedWrite {
  readonly kind: 'write' | 'discard' | 'flush' | 'mark';
  /** On the recorded disk. */
  readonly offset: number;
  readonly length: number;
  /** It was complete only when it was on the medium. */
  readonly isForced: boolean;
  /** A flush came with it: all before it is on the medium. */
  readonly isFlush: boolean;
  /** Where its data lies in the log. */
  readonly dataOffset: number;
  /** Where the next entry begins. */
  readonly endOffset: number;
}

/** Bytes that hold a head or an entry. */
export const logRecordBytes = 32;

const magic = 0x6a736677736872n;
const version = 1n;
const flags = { flush: 1, fua: 2, discard: 4, mark: 8 } as const;

/** Reads a log's head. Pure. Throws STORE_CORRUPT when it is none. */
export function parseWriteLogHead(bytes: Uint8Array): WriteLogHead {
  if (bytes.length < logRecordBytes) throw notALog('it is too short');
  const view = viewOf(bytes);
  if (view.getBigUint64(0, true) !== magic) throw notALog('it does not begin like one');
  const found = view.getBigUint64(8, true);
  if (found !== version) throw notALog(`version ${found} is not known`);
  const sectorBytes = view.getUint32(24, true);
  if (sectorBytes < 512 || (sectorBytes & (sectorBytes - 1)) !== 0)
    throw notALog(`a sector cannot have ${sectorBytes} bytes`);
  return { sectorBytes, entries: Number(view.getBigUint64(16, true)) };
}

/** Where the first entry lies. Pure. */
export function firstEntryOffset({ sectorBytes }: WriteLogHead): number {
  return sectorBytes;
}

/** Reads the entry whose first bytes are `bytes`, at `entryOffset` of the log. Pure. Throws STORE_CORRUPT. */
export function parseLoggedWrite(bytes: Uint8Array, entryOffset: number, { sectorBytes }: WriteLogHead): LoggedWrite {
  if (bytes.length < logRecordBytes) throw notALog(`the entry at ${entryOffset} is cut off`);
  const view = viewOf(bytes);
  const number = (at: number): number => {
    const value = view.getBigUint64(at, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw notALog(`the entry at ${entryOffset} is not one`);
    return Number(value);
  };
  const [sector, sectors, bits, dataBytes] = [number(0), number(8), number(16), number(24)];
  const has = (flag: keyof typeof flags): boolean => (bits & flags[flag]) !== 0;
  const length = sectors * sectorBytes;
  const dataOffset = entryOffset + sectorBytes;
  // A discard has no data; a mark's text fills up the sectors it needs.
  const stored = has('discard') ? 0 : has('mark') ? Math.ceil(dataBytes / sectorBytes) * sectorBytes : length;
  return {
    kind: has('mark') ? 'mark' : has('discard') ? 'discard' : length === 0 ? 'flush' : 'write',
    offset: sector * sectorBytes,
    length,
    isForced: has('fua'),
    isFlush: has('flush'),
    dataOffset,
    endOffset: dataOffset + stored,
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function notALog(why: string): BerthError {
  return new BerthError('STORE_CORRUPT', `this is no log of writes: ${why}`);
}
