import { createHash, hash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryName } from '../../../src/boot/boot-entry.ts';
import type { UpdateTarget } from '../../../src/update/machine/update-state.ts';
import type { ReleaseArtifact, ReleaseManifest } from '../../../src/update/release-manifest.ts';
import { makeArtifacts } from '../../../src/update/transfer/make-artifacts.ts';
import type { ArtifactSource } from '../../../src/update/transfer/source.ts';
import { blockBytes } from '../../../src/update/transfer/verity.ts';
import { never, noise, slotOf, withHead } from '../../unit/update/transfer/support/slots.ts';
import { clusterBytes } from './fat-cells.ts';

/** A small release, whole. */
export interface SmallRelease {
  /** Higher ones are newer. */
  readonly sequence: number;
  readonly version: string;
  /** Of its entry. */
  readonly name: string;
  readonly uki: Buffer;
  /** Data and hash tree. */
  readonly slot: Buffer;
  readonly rootHash: string;
  readonly dataBlocks: number;
  readonly manifest: ReleaseManifest;
  readonly target: UpdateTarget;
}

export interface SmallReleases {
  /** By their sequence, from 1 on. Each has a delta from the ones before. */
  readonly all: readonly SmallRelease[];
  readonly source: ArtifactSource;
  /** By their paths, `blobs/NAME`. */
  readonly blobs: ReadonlyMap<string, Buffer>;
}

const dataBlocks = 12;
/** What each release changes: neighbours, and one block apart from them. */
const changedBlocks = [2, 3, 4, 9];
export const ukiClusters = 3;

/** Makes releases of some blocks each, with artifacts in memory. @param ukiOf a version's kernel image. */
export async function makeSmallReleases(count: number, ukiOf = unbootableUki): Promise<SmallReleases> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-crash-'));
  const blobs = new Map<string, Buffer>();
  try {
    const all: SmallRelease[] = [];
    for (let sequence = 1; sequence <= count; sequence += 1) {
      const own = join(directory, String(sequence));
      await mkdir(own);
      const image = await slotOf(join(own, 'slot'), dataOf(sequence));
      const previous = all.map(({ sequence: older, rootHash }) => ({
        file: join(directory, String(older), 'slot'),
        ...{ rootHash, dataBlocks },
      }));
      const made = await makeArtifacts({ image, previous, directory: own, name: 'r', level: 3, signal: never });
      for (const { name } of made) blobs.set(`blobs/${sequence}-${name}`, await readFile(join(own, name)));
      const artifacts = made.map((artifact) => ({ ...artifact, name: `${sequence}-${artifact.name}` }));
      const release = describe(
        sequence,
        ukiOf(`${sequence}.0.0`),
        Buffer.from(image.content),
        image.rootHash,
        artifacts,
      );
      blobs.set(`blobs/${release.manifest.uki.name}`, release.uki);
      all.push(release);
    }
    return { all, source: sourceOf(blobs), blobs };
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The version that a kernel image of ours has inside. */
export function versionInside(content: Buffer): string {
  return /version=(\S+)/.exec(content.toString('latin1', 0, clusterBytes))?.[1] ?? '';
}

function dataOf(sequence: number): Uint8Array {
  const data = noise(1, dataBlocks);
  for (const block of changedBlocks) data.set(noise(10 * sequence + block, 1), block * blockBytes);
  return withHead(data);
}

/** Noise with the version in its first sector. */
function unbootableUki(version: string): Buffer {
  const uki = Buffer.from(noise(100 + Number.parseInt(version, 10), 1).subarray(0, ukiClusters * clusterBytes));
  uki.write(`MZ version=${version} `, 'latin1');
  return uki;
}

function describe(
  sequence: number,
  uki: Buffer,
  slot: Buffer,
  rootHash: string,
  artifacts: readonly ReleaseArtifact[],
): SmallRelease {
  const version = `${sequence}.0.0`;
  const manifest: ReleaseManifest = {
    ...{ format: 1, product: 'berth', version, sequence, architecture: 'amd64', kernel: 'cloud' },
    created: '2026-11-29T00:00:00Z',
    stateSchema: { from: 0, to: 1000 },
    usr: { sha256: hash('sha256', slot), bytes: slot.length, dataBlocks, rootHash },
    uki: { name: `${sequence}-uki`, bytes: uki.length, sha256: createHash('sha256').update(uki).digest('hex') },
    artifacts: [...artifacts],
  };
  const target = { version, sequence, digest: hash('sha256', JSON.stringify(manifest)), rootHash };
  return { sequence, version, name: entryName(version), uki, slot, rootHash, dataBlocks, manifest, target };
}

function sourceOf(blobs: ReadonlyMap<string, Buffer>): ArtifactSource {
  return {
    async *read({ path }, { start, end }) {
      const bytes = blobs.get(path);
      if (bytes === undefined) throw new Error(`${path} was not made`);
      yield bytes.subarray(start, end);
    },
  };
}
