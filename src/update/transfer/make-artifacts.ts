import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { BerthError } from '../../core/errors.ts';
import type { ReleaseArtifact } from '../release-manifest.ts';
import { bytesOf, writeArtifact } from './artifact-file.ts';
import type { SlotFacts } from './artifacts.ts';
import { defaultFrameBlocks, encodeIndex, keysOf } from './block-index.ts';
import { inOrder } from './in-order.ts';
import { type ImageData, makeDelta } from './make-delta.ts';
import { blockBytes, digestBytes, hashBlocks, hashTree, slotLayout } from './verity.ts';

/** A slot's content in a file, as `image/os/slot.ts` makes it; the hash tree in it is not read. */
export interface SlotImageFile extends SlotFacts {
  readonly file: string;
}

export interface MakeOptions {
  readonly image: SlotImageFile;
  /** Releases that get a delta of their own to this one; each has to be there until the next is asked for. */
  readonly previous: Iterable<SlotImageFile> | AsyncIterable<SlotImageFile>;
  /** Where the artifacts go; must exist. */
  readonly directory: string;
  /** How their names begin. */
  readonly name: string;
  /** zstd's, of the full stream: 19 for a release, less for a trial. */
  readonly level: number;
  readonly signal: AbortSignal;
}

const compress = promisify(zstdCompress);
/** Frames made at a time. */
const parallelFrames = 8;

/**
 * Makes the artifacts of a release: full stream, block index, and a delta from each of the previous releases unless it would be no
 * smaller than the full stream. The same images give the same bytes. Both images of a delta are held in memory.
 * Throws CONFIG_INVALID when an image is not what its root hash says; rejects with the signal's reason.
 */
export async function makeArtifacts(options: MakeOptions): Promise<ReleaseArtifact[]> {
  const { image, previous, directory, name, level, signal } = options;
  const { dataBlocks } = image;
  const data = await readImage(image);
  const frameStarts = [0];
  const full = await writeArtifact(directory, `${name}.usr.zst`, frames(data.bytes, level, frameStarts, signal));
  const index = encodeIndex({ dataBlocks, frameBlocks: defaultFrameBlocks, keys: keysOf(data.leaves), frameStarts });
  const artifacts: ReleaseArtifact[] = [
    { kind: 'full', ...full },
    { kind: 'index', ...(await writeArtifact(directory, `${name}.usr.idx`, [index])) },
  ];
  for await (const old of previous) {
    const parts = await makeDelta(await readImage(old), data, signal);
    if (bytesOf(parts) >= full.bytes) continue;
    const delta = await writeArtifact(directory, `${name}.from-${old.rootHash.slice(0, 16)}.delta`, parts);
    artifacts.push({ kind: 'delta', ...delta, fromRootHash: old.rootHash });
  }
  return artifacts;
}

async function readImage({ file, rootHash, dataBlocks }: SlotImageFile): Promise<ImageData> {
  const layout = slotLayout(dataBlocks);
  const bytes = (await readFile(file)).subarray(0, dataBlocks * blockBytes);
  const leaves = new Uint8Array(dataBlocks * digestBytes);
  if (bytes.length === dataBlocks * blockBytes) hashBlocks(bytes, leaves, 0);
  if (hashTree(layout, leaves).rootHash !== rootHash)
    throw new BerthError('CONFIG_INVALID', `${file} does not have ${dataBlocks} blocks with the root hash ${rootHash}`);
  return { bytes, leaves };
}

/** The frames of the full stream; notes where each ends. */
async function* frames(
  bytes: Uint8Array,
  level: number,
  frameStarts: number[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  for await (const frame of inOrder(pieces(bytes), { most: parallelFrames, signal }, async (piece) =>
    // Told the size, zstd takes memory for that much only.
    compress(piece, { chunkSize: frameChunkBytes, params, pledgedSrcSize: piece.length }),
  )) {
    signal.throwIfAborted();
    frameStarts.push((frameStarts.at(-1) ?? 0) + frame.length);
    yield frame;
  }
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  const length = defaultFrameBlocks * blockBytes;
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
}

/** Room for a frame at once. */
const frameChunkBytes = 32 * 1024;
