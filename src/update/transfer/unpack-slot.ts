import { type FileHandle, open, readFile } from 'node:fs/promises';
import { BerthError } from '../../core/errors.ts';
import { blocksOfFrame, decodeIndex } from './block-index.ts';
import type { SlotImageFile } from './make-artifacts.ts';
import { unpackFrame } from './unpack-frame.ts';
import { digestBytes, hashBlocks, hashTree, slotLayout } from './verity.ts';

/** A release's full stream and index as files, and what they hold. */
export interface PackedSlot extends Omit<SlotImageFile, 'file'> {
  readonly full: { readonly file: string; readonly bytes: number };
  /** Path. */
  readonly index: string;
}

/**
 * Unpacks the data of a slot into a file, a frame at a time; there is no hash tree in it. Throws CONFIG_INVALID when they do not have
 * the root hash, RELEASE_REFUSED when the index is none of this release; rejects with the signal's reason.
 */
export async function unpackSlot(packed: PackedSlot, file: string, signal: AbortSignal): Promise<SlotImageFile> {
  const { full, dataBlocks, rootHash } = packed;
  const layout = slotLayout(dataBlocks);
  const index = decodeIndex(await readFile(packed.index), dataBlocks, full.bytes);
  const leaves = new Uint8Array(dataBlocks * digestBytes);
  const from = await open(full.file);
  try {
    const to = await open(file, 'w');
    try {
      for (let frame = 0; frame + 1 < index.frameStarts.length; frame += 1) {
        signal.throwIfAborted();
        const [start = 0, end = 0] = index.frameStarts.slice(frame, frame + 2);
        const { block, blocks } = blocksOfFrame(index, frame);
        const bytes = await unpackFrame(await readPart(from, start, end), blocks);
        if (bytes === undefined) throw damaged(full.file, `the frame at byte ${start} does not unpack`);
        hashBlocks(bytes, leaves, block);
        await to.appendFile(bytes);
      }
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
  const found = hashTree(layout, leaves).rootHash;
  if (found !== rootHash) throw damaged(full.file, `it has the root hash ${found}, not ${rootHash}`);
  return { file, dataBlocks, rootHash };
}

async function readPart(file: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await file.read(new Uint8Array(end - start), 0, end - start, start);
  return buffer.subarray(0, bytesRead);
}

function damaged(file: string, what: string): BerthError {
  return new BerthError('CONFIG_INVALID', `${file}: ${what}`);
}
