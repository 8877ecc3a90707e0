import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { BerthError } from '../../core/errors.ts';
import { refuse } from '../tuf/refusal.ts';
import type { Segment } from './segment.ts';
import { type BlockRange, blockBytes, digestBytes } from './verity.ts';

/**
 * A pairwise delta: how the data of a slot is made from another slot's. Numbers are little-endian, sizes in blocks of 4096:
 *
 *     0   8  "BERTHDLT"
 *     8   4  version: 1
 *    12   4  blocks of data afterwards
 *    16   4  blocks of data before
 *    20   4  bytes of the packed table
 *    24   4  bytes of the table
 *    28      the table, packed with zstd; then the payloads of the patches in the order of the table
 *
 * The table has a record for each segment, in the order of the slot without gaps: kind (1 byte), number of blocks (4), and
 *
 *     0 zero
 *     1 copy    first block of the seed (4)
 *     2 patch   bytes of payload (4), SHA-256 of the blocks (32), number of windows (1), of each first block (4) and blocks (4)
 *
 * A payload is a zstd frame whose dictionary is the windows' content, raw.
 */
export interface Delta {
  readonly dataBlocks: number;
  readonly seedBlocks: number;
  readonly segments: readonly Segment[];
}

/** What a client takes; nothing is allocated for more. */
export const deltaLimits = {
  /** Blocks of all windows of a patch: 16 MiB. */
  windowBlocks: 4096,
  /** Blocks that a patch makes: 4 MiB. */
  patchBlocks: 1024,
  /** Of its blocks' bytes a patch's payload may have so many: what does not compress grows by less. */
  growth: 2,
  packedTableBytes: 2 ** 20,
  tableBytes: 4 * 2 ** 20,
} as const;

/** zstd's window for the table: it is whole in there. */
const tableWindowLog = 22;

/** Bytes before the table. */
export const deltaHeaderBytes = 28;
const magic = 'BERTHDLT';
const kinds = ['zero', 'copy', 'patch'] as const;
/** Copies are cut into pieces a batch can take. */
const copiedBlocks = 1024;

/** The sizes that a delta's first bytes tell. */
export interface DeltaHeader {
  readonly dataBlocks: number;
  readonly seedBlocks: number;
  readonly packedBytes: number;
  readonly tableBytes: number;
}

/** Header and table of a delta whose payloads follow. Pure. The payload spans of `segments` are not looked at but for their lengths. */
export function encodeDelta({ dataBlocks, seedBlocks, segments }: Delta): Uint8Array {
  const table = Buffer.concat(segments.map(encodeRecord));
  if (table.length > deltaLimits.tableBytes) throw new Error(`a delta's table of ${table.length} bytes`);
  const params = { [constants.ZSTD_c_compressionLevel]: 19, [constants.ZSTD_c_windowLog]: tableWindowLog };
  const packed = zstdCompressSync(table, { params, pledgedSrcSize: table.length });
  const header = Buffer.alloc(deltaHeaderBytes);
  header.write(magic, 0, 'latin1');
  [1, dataBlocks, seedBlocks, packed.length, table.length].forEach((number, at) =>
    header.writeUInt32LE(number, 8 + at * 4),
  );
  return Buffer.concat([header, packed]);
}

function encodeRecord(segment: Segment): Uint8Array {
  switch (segment.kind) {
    case 'zero':
      return record(0, segment.blocks, []);
    case 'copy':
      return record(1, segment.blocks, [segment.seedBlock]);
    case 'patch': {
      const { payload, sha256, windows } = segment;
      return Buffer.concat([
        record(2, segment.blocks, [payload.end - payload.start]),
        sha256,
        Buffer.of(windows.length),
        ...windows.map(({ block, blocks }) => numbers([block, blocks])),
      ]);
    }
    case 'frame':
      throw new Error('a delta has no frames of the full stream');
  }
}

function record(kind: number, blocks: number, rest: readonly number[]): Buffer {
  return Buffer.concat([Buffer.of(kind), numbers([blocks, ...rest])]);
}

function numbers(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, at) => bytes.writeUInt32LE(value, at * 4));
  return bytes;
}

/**
 * Reads the first {@link deltaHeaderBytes}. Pure. Throws RELEASE_REFUSED when they are not those of a delta from a slot with
 * `seedBlocks` blocks of data to one with `dataBlocks`.
 */
export function decodeDeltaHeader(source: Uint8Array, seedBlocks: number, dataBlocks: number): DeltaHeader {
  const bytes = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  if (bytes.length < deltaHeaderBytes || bytes.toString('latin1', 0, 8) !== magic) throw refused('is none');
  const at = (position: number): number => bytes.readUInt32LE(position);
  if (at(8) !== 1) throw refused(`has version ${at(8)}`);
  const header = { dataBlocks: at(12), seedBlocks: at(16), packedBytes: at(20), tableBytes: at(24) };
  if (header.dataBlocks !== dataBlocks) throw refused(`makes ${header.dataBlocks} blocks, not ${dataBlocks}`);
  if (header.seedBlocks !== seedBlocks)
    throw refused(`is for a seed of ${header.seedBlocks} blocks, not ${seedBlocks}`);
  if (header.packedBytes > deltaLimits.packedTableBytes)
    throw refused(`has a packed table of ${header.packedBytes} bytes`);
  if (header.tableBytes > deltaLimits.tableBytes) throw refused(`has a table of ${header.tableBytes} bytes`);
  return header;
}

/**
 * Reads the table of a delta of `deltaBytes`, holding every limit. Pure. Throws RELEASE_REFUSED with what is wrong: windows
 * outside of the seed, too big a patch, sizes that do not add up.
 */
export function decodeDelta(header: DeltaHeader, packed: Uint8Array, deltaBytes: number): Delta {
  const table = unpackTable(header, packed);
  const segments: Segment[] = [];
  const reader = new TableReader(table);
  let block = 0;
  let payload = deltaHeaderBytes + header.packedBytes;
  while (!reader.isAtEnd) {
    const kind = kinds[reader.byte()];
    const blocks = reader.number();
    if (blocks === 0 || block + blocks > header.dataBlocks) throw refused(`makes ${blocks} blocks at ${block}`);
    switch (kind) {
      case 'zero':
        segments.push({ kind, block, blocks });
        break;
      case 'copy':
        segments.push(...copies(block, checked({ block: reader.number(), blocks }, header)));
        break;
      case 'patch': {
        if (blocks > deltaLimits.patchBlocks) throw refused(`has a patch of ${blocks} blocks`);
        const start = payload;
        const bytes = reader.number();
        if (bytes === 0 || bytes > deltaLimits.growth * blocks * blockBytes)
          throw refused(`has a payload of ${bytes} bytes for ${blocks} blocks`);
        payload += bytes;
        if (payload > deltaBytes) throw refused('has less payload than its table says');
        const sha256 = reader.bytes(digestBytes);
        segments.push({
          kind,
          block,
          blocks,
          windows: readWindows(reader, header),
          payload: { start, end: payload },
          sha256,
        });
        break;
      }
      case undefined:
        throw refused('has a segment of an unknown kind');
    }
    block += blocks;
  }
  if (block !== header.dataBlocks) throw refused(`makes ${block} of ${header.dataBlocks} blocks`);
  if (payload !== deltaBytes) throw refused('has more payload than its table says');
  return { dataBlocks: header.dataBlocks, seedBlocks: header.seedBlocks, segments };
}

function unpackTable({ tableBytes }: DeltaHeader, packed: Uint8Array): Uint8Array {
  try {
    const table = zstdDecompressSync(packed, {
      maxOutputLength: Math.max(tableBytes, 1),
      params: { [constants.ZSTD_d_windowLogMax]: tableWindowLog },
    });
    if (table.length === tableBytes) return table;
  } catch (cause) {
    throw refused('has a table that does not unpack', cause);
  }
  throw refused('has a table of another length than it says');
}

function readWindows(reader: TableReader, header: DeltaHeader): BlockRange[] {
  const windows: BlockRange[] = [];
  let total = 0;
  for (let left = reader.byte(); left > 0; left -= 1) {
    const window = checked({ block: reader.number(), blocks: reader.number() }, header);
    total += window.blocks;
    if (total > deltaLimits.windowBlocks) throw refused(`has a dictionary of ${total * blockBytes} bytes or more`);
    windows.push(window);
  }
  return windows;
}

function checked(range: BlockRange, { seedBlocks }: DeltaHeader): BlockRange {
  if (range.block + range.blocks > seedBlocks)
    throw refused(`reads block ${range.block + range.blocks} of a seed of ${seedBlocks}`);
  return range;
}

function copies(block: number, seed: BlockRange): Segment[] {
  const pieces: Segment[] = [];
  for (let done = 0; done < seed.blocks; done += copiedBlocks) {
    const blocks = Math.min(copiedBlocks, seed.blocks - done);
    pieces.push({ kind: 'copy', block: block + done, blocks, seedBlock: seed.block + done });
  }
  return pieces;
}

function refused(what: string, cause?: unknown): BerthError {
  return refuse('malformed', 'delta', `it ${what}`, cause);
}

/** Reads numbers; throws RELEASE_REFUSED where the table ends too early. */
class TableReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    return this.bytes(1)[0] ?? 0;
  }

  number(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.bytes(4);
    return a + b * 2 ** 8 + c * 2 ** 16 + d * 2 ** 24;
  }

  bytes(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw refused('has a table that ends too early');
    // A copy of its own: a view would keep the whole table in memory.
    const bytes = new Uint8Array(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    return bytes;
  }
}
