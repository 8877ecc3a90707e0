import type { KernelImage } from '../../boot/boot-loader.ts';
import type { Clock } from '../../core/clock.ts';
import { blobName } from '../release-manifest.ts';
import { transferArtifacts } from '../transfer/artifacts.ts';
import { whole } from '../transfer/source.ts';
import type { WrittenSlot } from '../transfer/transfer-options.ts';
import { writeSlot } from '../transfer/write-slot.ts';
import type { SlotOrder, UpdateOrder } from './updater.ts';

/** Brings a release's content to the other slot. Throws as `writeSlot` does. */
export async function fetchSlot({ manifest, source, ...order }: SlotOrder, clock: Clock): Promise<WrittenSlot> {
  const artifacts = transferArtifacts(manifest);
  return writeSlot({ ...order, source: source.artifacts, artifacts, release: manifest.usr, clock });
}

/** A release's kernel image as it arrives. */
export function fetchKernel(
  { manifest, source }: Pick<UpdateOrder, 'source' | 'manifest'>,
  signal: AbortSignal,
): KernelImage {
  const { bytes, sha256, name } = manifest.uki;
  const target = { path: `blobs/${name}`, bytes, hashes: { sha256 }, place: ['blobs', blobName(manifest.uki)] };
  return { bytes, sha256, content: source.artifacts.read(target, whole(target), signal) };
}
