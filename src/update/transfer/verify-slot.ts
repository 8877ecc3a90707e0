import type { SlotFacts } from './artifacts.ts';
import { SlotChecker } from './slot-checker.ts';
import { piecesOf } from './slot-file.ts';
import { checkTree, type SlotDamage } from './tree-check.ts';
import { slotLayout } from './verity.ts';

/** Blocks read before the next look at the signal: 32 MiB. */
const pieceBlocks = 8192;

/**
 * Reads a whole slot from the disk, past every cache, and names what differs from the release with that root hash. Changes
 * nothing; the slot may be in use. Throws HOST_REFUSED when it cannot be read, RELEASE_REFUSED when no slot can have so many
 * blocks; rejects with the signal's reason.
 */
export async function verifySlot(
  device: string,
  { rootHash, dataBlocks }: SlotFacts,
  signal: AbortSignal,
): Promise<SlotDamage> {
  const layout = slotLayout(dataBlocks);
  const checker = new SlotChecker(device, dataBlocks);
  try {
    for (const piece of piecesOf({ block: 0, blocks: dataBlocks }, pieceBlocks)) {
      signal.throwIfAborted();
      await checker.digest(piece);
    }
    const stored = await checker.read({ block: dataBlocks, blocks: layout.slotBlocks - dataBlocks });
    return checkTree(layout, checker.leaves, stored, rootHash);
  } finally {
    await checker.close();
  }
}
