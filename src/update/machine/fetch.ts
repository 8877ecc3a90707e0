import { rm } from 'node:fs/promises';
import type { BootLoader, KernelImage } from '../../boot/boot-loader.ts';
import type { Clock } from '../../core/clock.ts';
import { isBerthError } from '../../core/errors.ts';
import { transferArtifacts } from '../transfer/artifacts.ts';
import { fetchKernel } from '../transfer/kernel.ts';
import { TokenBucket } from '../transfer/token-bucket.ts';
import type { WrittenSlot } from '../transfer/transfer-options.ts';
import { writeSlot } from '../transfer/write-slot.ts';
import { type KernelGate, kernelRefusal } from './kernel-gate.ts';
import type { SlotOrder, UpdateOrder } from './updater.ts';

/** Brings a release's content to the other slot. Throws as `writeSlot` does. */
export async function fetchSlot({ manifest, source, ...order }: SlotOrder, clock: Clock): Promise<WrittenSlot> {
  const artifacts = transferArtifacts(manifest);
  return writeSlot({ ...order, source: source.artifacts, artifacts, release: manifest.usr, clock });
}

/** Where the running kernel image is, and how the new one is fetched. */
export interface KernelOptions {
  readonly loader: Pick<BootLoader, 'copy'>;
  /** Its entry's. */
  readonly name: string;
  /** For a copy, in memory: the partition is not mounted while something is fetched. */
  readonly file: string;
  /** Where what arrives is kept until the next run; absent: a run that was interrupted begins anew. */
  readonly partDirectory?: string;
  /** Whether the firmware would start what arrived. */
  readonly gate: Pick<KernelGate, 'judge'>;
  /** Bytes a second. */
  readonly rateLimit?: number;
  readonly clock: Clock;
}

/** Gets a release's kernel image, by a delta from the running one where there is one. Throws as `fetchKernel` does, and RELEASE_REFUSED when the firmware would not start it. */
export async function kernelOf(
  { manifest, source }: Pick<UpdateOrder, 'source' | 'manifest'>,
  { loader, name, file, partDirectory, gate, rateLimit, clock }: KernelOptions,
  signal: AbortSignal,
): Promise<KernelImage> {
  try {
    await loader.copy(name, file).catch((error: unknown) => {
      // A power cut while it was blessed may have lost its name.
      if (!isBerthError(error, 'NOT_FOUND')) throw error;
    });
    const parts = partDirectory === undefined ? {} : { partDirectory };
    const limit = rateLimit === undefined ? {} : { limit: new TokenBucket(rateLimit, clock) };
    const options = { source: source.artifacts, manifest, running: file, signal };
    const { content } = await fetchKernel({ ...options, ...limit, ...parts });
    const objection = await gate.judge(content);
    if (objection !== undefined) throw kernelRefusal(manifest.version, objection);
    const { bytes, sha256 } = manifest.uki;
    return { bytes, sha256, content: [content] };
  } finally {
    await rm(file, { force: true });
  }
}
