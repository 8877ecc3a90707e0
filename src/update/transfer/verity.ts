import { hash } from 'node:crypto';
import { refuse } from '../tuf/refusal.ts';

/** Bytes of a block, of data and of the hash tree. */
export const blockBytes = 4096;
/** Bytes of a SHA-256. */
export const digestBytes = 32;
/** Digests in a block of the hash tree. */
const fanout = blockBytes / digestBytes;
/** More than any disk's slot (16 GiB): what would only make us allocate is refused. */
const mostDataBlocks = 2 ** 22;

/** The fixed id in the superblock: the same content gives the same bytes. */
const verityId = 'be2780000000400080000000000000e1';

/** Neighbouring blocks. */
export interface BlockRange {
  readonly block: number;
  readonly blocks: number;
}

/** One level of the hash tree; block numbers count from the start of the slot. */
export type TreeLevel = BlockRange;

/** Where everything lies in a slot: data, superblock, tree from its top block down to the leaves. */
export interface SlotLayout {
  readonly dataBlocks: number;
  /** The leaves' level first. Empty when the only data block is its own root. */
  readonly levels: readonly TreeLevel[];
  readonly slotBlocks: number;
}

/** A tree that was made from leaf digests. */
export interface HashTree {
  readonly rootHash: string;
  /** Everything behind the data: the superblock's block and the levels. */
  readonly bytes: Uint8Array;
}

/**
 * Where everything lies in a slot with that much data. Pure. Format: `veritysetup format` of cryptsetup, hash-format 1.
 * Throws RELEASE_REFUSED when no slot is that big.
 */
export function slotLayout(dataBlocks: number): SlotLayout {
  if (!Number.isInteger(dataBlocks) || dataBlocks < 1 || dataBlocks > mostDataBlocks)
    throw refuse('malformed', 'slot', `it cannot have ${dataBlocks} data blocks`);
  const sizes: number[] = [];
  for (let size = dataBlocks; size > 1; ) {
    size = Math.ceil(size / fanout);
    sizes.push(size);
  }
  let end = dataBlocks + 1;
  const levels: TreeLevel[] = [];
  for (const blocks of sizes.toReversed()) {
    levels.unshift({ block: end, blocks });
    end += blocks;
  }
  return { dataBlocks, levels, slotBlocks: end };
}

/** Digests of whole blocks, one after the other. Writes `blocks.length / 4096` digests into `digests` from `at` (a count) on. */
export function hashBlocks(blocks: Uint8Array, digests: Uint8Array, at: number): void {
  let text = '';
  // As text: a Buffer a digest would be garbage of twice its size.
  for (let start = 0; start < blocks.length; start += blockBytes)
    text += hash('sha256', blocks.subarray(start, start + blockBytes));
  Buffer.from(digests.buffer, digests.byteOffset, digests.byteLength).write(text, at * digestBytes, 'hex');
}

/** The tree over `leaves`, the digests of all data blocks: byte for byte what veritysetup writes, superblock included. Pure. */
export function hashTree(layout: SlotLayout, leaves: Uint8Array): HashTree {
  const { dataBlocks, levels, slotBlocks } = layout;
  const bytes = new Uint8Array((slotBlocks - dataBlocks) * blockBytes);
  bytes.set(superblock(dataBlocks));
  let digests = leaves;
  for (const { block, blocks } of levels) {
    const level = bytes.subarray((block - dataBlocks) * blockBytes, (block - dataBlocks + blocks) * blockBytes);
    level.set(digests);
    digests = new Uint8Array(blocks * digestBytes);
    hashBlocks(level, digests, 0);
  }
  return { rootHash: Buffer.from(digests).toString('hex'), bytes };
}

/** `struct verity_sb` of cryptsetup's lib/verity/verity.c, without salt, as it stands behind that much data. Pure. */
export function superblock(dataBlocks: number): Uint8Array {
  const bytes = Buffer.alloc(512);
  bytes.write('verity\0\0', 0, 'latin1');
  bytes.writeUInt32LE(1, 8);
  bytes.writeUInt32LE(1, 12);
  bytes.write(verityId, 16, 'hex');
  bytes.write('sha256', 32, 'latin1');
  bytes.writeUInt32LE(blockBytes, 64);
  bytes.writeUInt32LE(blockBytes, 68);
  bytes.writeBigUInt64LE(BigInt(dataBlocks), 72);
  return bytes;
}
