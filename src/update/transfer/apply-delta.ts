import { hash } from 'node:crypto';
import { refuse } from '../tuf/refusal.ts';
import { decodeDelta, decodeDeltaHeader, deltaHeaderBytes } from './delta-format.ts';
import type { Segment } from './segment.ts';
import { unpackFrame } from './unpack-frame.ts';
import { blockBytes } from './verity.ts';

/** What a delta is applied to. */
export interface DeltaSeed {
  readonly blocks: number;
  /** Fills `into` from a block on. */
  readonly read: (into: Uint8Array, block: number) => Promise<void>;
}

/**
 * Carries out a small delta that is in memory, to `dataBlocks` blocks in memory. What comes out is as right as the seed: it is to be
 * held against a digest. Throws RELEASE_REFUSED when it is no delta, or a patch does not come out right, and what the seed throws.
 */
export async function applyDelta(delta: Uint8Array, seed: DeltaSeed, dataBlocks: number): Promise<Uint8Array> {
  const header = decodeDeltaHeader(delta, seed.blocks, dataBlocks);
  const table = delta.subarray(deltaHeaderBytes, deltaHeaderBytes + header.packedBytes);
  const { segments } = decodeDelta(header, table, delta.length);
  const data = new Uint8Array(dataBlocks * blockBytes);
  for (const segment of segments) {
    const start = segment.block * blockBytes;
    const into = data.subarray(start, start + segment.blocks * blockBytes);
    if (segment.kind === 'copy') await seed.read(into, segment.seedBlock);
    else if (segment.kind === 'patch') into.set(await patched(segment, delta, seed));
  }
  return data;
}

async function patched(
  { windows, payload, blocks, block, sha256 }: Extract<Segment, { kind: 'patch' }>,
  delta: Uint8Array,
  seed: DeltaSeed,
): Promise<Uint8Array> {
  const dictionary = new Uint8Array(windows.reduce((sum, window) => sum + window.blocks, 0) * blockBytes);
  let at = 0;
  for (const window of windows) {
    await seed.read(dictionary.subarray(at, at + window.blocks * blockBytes), window.block);
    at += window.blocks * blockBytes;
  }
  const bytes = await unpackFrame(delta.subarray(payload.start, payload.end), blocks, dictionary);
  if (bytes !== undefined && Buffer.compare(hash('sha256', bytes, 'buffer'), sha256) === 0) return bytes;
  throw refuse('mix-and-match', 'delta', `its patch at block ${block} does not come out right`);
}
