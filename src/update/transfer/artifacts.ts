import { artifactOf, blobName, type ReleaseFile, type ReleaseManifest } from '../release-manifest.ts';
import type { TrustedTarget } from '../tuf/target.ts';

/** What a slot's content can be had from, as a signed `release.json` names it. */
export interface TransferArtifacts {
  /** The data as independent zstd frames. */
  readonly full: TrustedTarget;
  /** What is in each block, and where in `full`: see `block-index.ts`. */
  readonly index: TrustedTarget;
  /** Each makes the data from that of the slot with `fromRootHash`: see `delta-format.ts`. */
  readonly deltas: readonly (TrustedTarget & { readonly fromRootHash: string })[];
}

/** A whole slot: the top of its hash tree, in hex, and how many blocks of 4096 bytes of data it has. */
export type SlotFacts = Pick<ReleaseManifest['usr'], 'rootHash' | 'dataBlocks'>;

/** Where a release's artifacts are below `targets`. Pure. Throws RELEASE_REFUSED when one is missing that every manifest names. */
export function transferArtifacts(manifest: Pick<ReleaseManifest, 'artifacts'>): TransferArtifacts {
  const deltas = manifest.artifacts.flatMap((artifact) =>
    artifact.kind === 'delta' ? [{ ...targetOfFile(artifact), fromRootHash: artifact.fromRootHash }] : [],
  );
  return {
    full: targetOfFile(artifactOf(manifest, 'full')),
    index: targetOfFile(artifactOf(manifest, 'index')),
    deltas,
  };
}

/** Where a file of a release is below `targets`. Pure. */
export function targetOfFile(file: ReleaseFile): TrustedTarget {
  const { name, sha256, bytes } = file;
  return { path: `blobs/${name}`, bytes, hashes: { sha256 }, place: ['blobs', blobName(file)] };
}
