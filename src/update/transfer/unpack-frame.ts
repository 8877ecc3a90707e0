import { promisify } from 'node:util';
import { constants, type ZstdOptions, zstdDecompress } from 'node:zlib';
import { blockBytes } from './verity.ts';

const decompress = promisify(zstdDecompress);
/** zstd's window of what we unpack: dictionary and output fit. */
const mostWindowLog = 25;

/**
 * Unpacks a zstd frame of so many blocks, beside other work: the frame and the dictionary are not to be changed meanwhile. Takes the
 * memory of the blocks, and 32 MiB for zstd.
 * @returns undefined when it is no frame, or one of another size.
 */
export async function unpackFrame(
  frame: Uint8Array,
  blocks: number,
  dictionary?: Uint8Array,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const length = blocks * blockBytes;
  const options: ZstdOptions = {
    ...(dictionary === undefined || dictionary.length === 0 ? {} : { dictionary }),
    // With a byte to spare, the first piece of output is known to be the last.
    chunkSize: length + 1,
    maxOutputLength: length,
    params: { [constants.ZSTD_d_windowLogMax]: mostWindowLog },
  };
  try {
    const bytes = await decompress(frame, options);
    return bytes.length === length ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Gives back what {@link unpackFrame} took, which is not to be used any more: as garbage, it would have the collector run again and again. */
export function freeFrame({ buffer }: Uint8Array<ArrayBuffer>): void {
  // Small ones are parts of Node's pool, which others use too.
  if (buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}
