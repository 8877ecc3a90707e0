import { SlotChecker } from './slot-checker.ts';
import { SlotTransfer } from './slot-transfer.ts';
import { SlotWriter } from './slot-writer.ts';
import type { WriteSlotOptions, WrittenSlot } from './transfer-options.ts';
import { slotLayout } from './verity.ts';

/**
 * Brings a release's content to a slot, by the cheapest way: pairwise delta, parts of the full stream beside blocks of the seed,
 * or the full stream. What an interrupted run left in the target is used again. When it resolves, the target was read back from
 * the disk, has the root hash, and is durable; until its last write it looks like no release.
 * Throws RELEASE_REFUSED (what was fetched is not what the metadata says), RELEASE_UNREACHABLE (retryable when the network is to
 * blame), DISK_FULL, HOST_REFUSED (the target does not read or write); rejects with the signal's reason. After any of these the
 * target is incomplete, and another call goes on from there.
 */
export async function writeSlot(options: WriteSlotOptions): Promise<WrittenSlot> {
  const { release, target, seed } = options;
  const layout = slotLayout(release.dataBlocks);
  const writer = new SlotWriter({ target, layout, ...(seed === undefined ? {} : { seed: seed.device }) });
  try {
    const checker = new SlotChecker(target, release.dataBlocks);
    try {
      return await new SlotTransfer(options, { writer, checker, layout }).run();
    } finally {
      await checker.close();
    }
  } finally {
    await writer.close();
  }
}
