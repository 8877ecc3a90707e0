import { readFile } from 'node:fs/promises';
import type { ReleaseArtifact } from '../release-manifest.ts';
import { bytesOf, writeArtifact } from './artifact-file.ts';
import { type ImageData, makeDelta } from './make-delta.ts';
import { blockBytes, digestBytes, hashBlocks } from './verity.ts';

export interface MakeKernelDeltasOptions {
  /** Path of the release's kernel image. */
  readonly kernel: string;
  /** Kernel images that get a delta of their own to this one. */
  readonly previous: readonly { readonly file: string; readonly sha256: string }[];
  /** Where the deltas go; must exist. */
  readonly directory: string;
  /** How their names begin. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/**
 * Makes the deltas of a kernel image: of a release with the same kernel little more than the command line differs. One that would
 * be no smaller than the image is left out. The same images give the same bytes. Throws as reading files does; rejects with the
 * signal's reason.
 */
export async function makeKernelDeltas(options: MakeKernelDeltasOptions): Promise<ReleaseArtifact[]> {
  const { kernel, previous, directory, name, signal } = options;
  const next = await readBlocks(kernel);
  const artifacts: ReleaseArtifact[] = [];
  for (const { file, sha256 } of previous) {
    const parts = await makeDelta(await readBlocks(file), next, signal);
    if (bytesOf(parts) >= next.bytes.length) continue;
    const delta = await writeArtifact(directory, `${name}.efi.from-${sha256.slice(0, 16)}.delta`, parts);
    artifacts.push({ kind: 'kernel-delta', ...delta, fromSha256: sha256 });
  }
  return artifacts;
}

/** A file with zeros up to the next block. */
async function readBlocks(path: string): Promise<ImageData> {
  const content = await readFile(path);
  const blocks = Math.ceil(content.length / blockBytes);
  const bytes = new Uint8Array(blocks * blockBytes);
  bytes.set(content);
  const leaves = new Uint8Array(blocks * digestBytes);
  hashBlocks(bytes, leaves, 0);
  return { bytes, leaves };
}
