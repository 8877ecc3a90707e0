import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../../image/command.ts';
import { diskLayout } from '../../../image/os/layout.ts';
import { TestReleases } from './test-releases.ts';

/** A disk with a second release in slot B, as an update leaves it. */
export interface TwoReleases {
  readonly disk: string;
  /** The newer one's name in EFI/Linux, without counter and ending. */
  readonly entry: string;
  /** A byte of slot B, from its beginning, whose lowest bit is flipped: it is in the first block that is read of a file system. */
  readonly flippedByte: number;
  /** What that byte is in the release. */
  readonly wholeByte: number;
}

/**
 * Copies the image under test and puts a newer release into slot B, with so many tries. The content is the same but for a byte
 * that nobody reads; one bit of it is flipped afterwards. Both releases have the test shell. A copy of the newer one's kernel image
 * is `EFI/spare.efi`, where the boot loader does not look.
 */
export async function makeTwoReleases(directory: string, tries: number): Promise<TwoReleases> {
  const releases = await TestReleases.open(directory);
  try {
    const { slot, uki, unusedByte } = await releases.make('99.0.0');
    const disk = await releases.firstDisk(join(directory, 'two.raw'));
    const slotStart = diskLayout('amd64').partitions.find(({ name }) => name === 'berth-b')?.startBytes ?? 0;
    await runCommand('dd', [
      ...[`if=${slot.file}`, `of=${disk}`, 'bs=1M', `seek=${slotStart / 2 ** 20}`],
      ...['conv=notrunc,sparse', 'status=none'],
    ]);
    const wholeByte = await flipBit(disk, slotStart + unusedByte);
    const entry = 'berth_99.0.0';
    await releases.putOnEsp(disk, uki, `${entry}+${tries}.efi`);
    await releases.putOnEsp(disk, uki, 'spare.efi', 'EFI');
    return { disk, entry, flippedByte: unusedByte, wholeByte };
  } finally {
    await releases.close();
  }
}

/** @returns the byte as it was. */
async function flipBit(file: string, offset: number): Promise<number> {
  const disk = await open(file, 'r+');
  const { buffer } = await disk.read(Buffer.alloc(1), 0, 1, offset);
  const whole = buffer[0] ?? 0;
  await disk.write(Buffer.of(whole ^ 1), 0, 1, offset);
  await disk.close();
  return whole;
}
