import { promisify } from 'node:util';
import { constants, type ZstdOptions, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import { blockBytes } from './verity.ts';

const decompress = promisify(zstdDecompress);
/** zstd's window of what we unpack: dictionary and output fit. */
const mostWindowLog = 25;

/**
 * Unpacks a zstd frame of so many blocks. Pure. Takes the memory of the blocks, and 32 MiB for zstd.
 * @returns undefined when it is no frame, or one of another size.
 */
export function unpackFrame(frame: Uint8Array, blocks: number, dictionary?: Uint8Array): Uint8Array | undefined {
  try {
    return whole(zstdDecompressSync(frame, optionsOf(blocks, dictionary)), blocks);
  } catch {
    return undefined;
  }
}

/** As {@link unpackFrame}, beside other work. The frame and the dictionary are not to be changed meanwhile. */
export async function unpackFrameLater(
  frame: Uint8Array,
  blocks: number,
  dictionary?: Uint8Array,
): Promise<Uint8Array | undefined> {
  try {
    return whole(await decompress(frame, optionsOf(blocks, dictionary)), blocks);
  } catch {
    return undefined;
  }
}

function optionsOf(blocks: number, dictionary: Uint8Array | undefined): ZstdOptions {
  const length = blocks * blockBytes;
  return {
    ...(dictionary === undefined || dictionary.length === 0 ? {} : { dictionary }),
    // With a byte to spare, the first piece of output is known to be the last.
    chunkSize: length + 1,
    maxOutputLength: length,
    params: { [constants.ZSTD_d_windowLogMax]: mostWindowLog },
  };
}

function whole(bytes: Uint8Array, blocks: number): Uint8Array | undefined {
  return bytes.length === blocks * blockBytes ? bytes : undefined;
}
