import { constants, zstdDecompressSync } from 'node:zlib';
import { blockBytes } from './verity.ts';

/** zstd's window of what we unpack: dictionary and output fit. */
const mostWindowLog = 25;

/**
 * Unpacks a zstd frame of so many blocks. Pure. Takes the memory of the blocks, and 32 MiB for zstd.
 * @returns undefined when it is no frame, or one of another size.
 */
export function unpackFrame(
  frame: Uint8Array,
  blocks: number,
  dictionary: Uint8Array = new Uint8Array(),
): Uint8Array | undefined {
  const length = blocks * blockBytes;
  try {
    const bytes = zstdDecompressSync(frame, {
      ...(dictionary.length === 0 ? {} : { dictionary }),
      chunkSize: length,
      maxOutputLength: length,
      params: { [constants.ZSTD_d_windowLogMax]: mostWindowLog },
    });
    return bytes.length === length ? bytes : undefined;
  } catch {
    return undefined;
  }
}
