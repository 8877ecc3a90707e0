import { mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256OfFile } from '../../src/engine/sha256-of-file.ts';
import { readFeed, readRelease } from '../../src/update/feed/channel.ts';
import type { ReleaseArtifact, ReleaseManifest } from '../../src/update/release-manifest.ts';
import { publishRelease } from '../../src/update/repository/channel-changes.ts';
import { createRepository } from '../../src/update/repository/create.ts';
import { keyFileSigners, makeKeyFile } from '../../src/update/repository/key-file.ts';
import { DirectorySource } from '../../src/update/tuf/directory-source.ts';
import { MetadataStore } from '../../src/update/tuf/metadata-store.ts';
import type { Source } from '../../src/update/tuf/source.ts';
import { TufClient } from '../../src/update/tuf/tuf-client.ts';
import type { BenchRelease } from './images.ts';

const channel = 'stable';
const offer = { rollout: { kind: 'all' }, barrier: false, urgent: false } as const;

/** A release in a repository, and what a host that followed the one before read to get to it. */
export interface Publication {
  /** Directory of the targets. */
  readonly targets: string;
  readonly manifest: ReleaseManifest;
  /** Timestamp, snapshot, channel, feed and manifest. */
  readonly metadataBytes: number;
}

/** Publishes two releases one after the other, and follows as a host. `artifacts` lie in `directory`. */
export async function publish(
  old: BenchRelease,
  next: BenchRelease,
  artifacts: readonly ReleaseArtifact[],
  directory: string,
): Promise<Publication> {
  const { signal } = new AbortController();
  const repository = join(directory, 'www');
  const keys = join(directory, 'keys');
  const key = async (name: string) => [await makeKeyFile(keys, name)];
  const roles = { root: await key('root'), targets: await key('targets'), online: await key('online') };
  const all = { ...roles, channels: new Map([[channel, await key(channel)]]) };
  const signing = { signers: await keyFileSigners(keys), nowMs: Date.now(), signal };
  await createRepository(repository, all, { root: 1, channel: 1 }, signing);
  let bytes = 0;
  const counted = (part: 'metadata' | 'targets'): Source => {
    const source = new DirectorySource(join(repository, part));
    return {
      location: source.location,
      read: async (path, maxBytes) => {
        const content = await source.read(path, maxBytes, signal);
        bytes += content?.length ?? 0;
        return content;
      },
    };
  };
  const follow = async (): Promise<ReleaseManifest> => {
    const client = new TufClient({
      ...{ metadata: counted('metadata'), targets: counted('targets'), now: Date.now, builtMs: 0 },
      store: new MetadataStore(join(directory, 'host')),
      shippedRoot: await readFile(join(repository, 'metadata', '1.root.json')),
    });
    await client.refresh(signal);
    const release = (await readFeed(client, channel, signal)).releases.at(-1);
    if (release === undefined) throw new Error('nothing was published');
    return readRelease(client, channel, release, signal);
  };
  // What the first one's artifacts are does not matter to what a host reads later.
  for (const [sequence, release] of [old, next].entries()) {
    const from = await releaseDirectory(release, sequence + 1, artifacts, directory);
    bytes = 0;
    await publishRelease(repository, from, channel, offer, signing);
    await rm(from, { recursive: true });
    await follow();
  }
  const metadataBytes = bytes;
  return { targets: join(repository, 'targets'), manifest: await follow(), metadataBytes };
}

async function releaseDirectory(
  { slot, kernel }: BenchRelease,
  sequence: number,
  artifacts: readonly ReleaseArtifact[],
  directory: string,
): Promise<string> {
  const into = join(directory, `release-${sequence}`);
  await mkdir(into);
  const version = `1.${sequence}.0`;
  const name = `berth_${version}.efi`;
  await symlink(kernel, join(into, name));
  for (const artifact of artifacts) await symlink(join(directory, artifact.name), join(into, artifact.name));
  const { rootHash, dataBlocks, sizeBytes } = slot;
  const manifest: ReleaseManifest = {
    ...{ format: 1, product: 'berth', version, sequence, architecture: 'amd64', kernel: 'cloud' },
    created: new Date(0).toISOString(),
    stateSchema: { from: 1, to: 1 },
    usr: { sha256: await sha256OfFile(slot.file), bytes: sizeBytes, dataBlocks, rootHash },
    uki: { name, sha256: await sha256OfFile(kernel), bytes: (await stat(kernel)).size },
    artifacts: [...artifacts],
  };
  await writeFile(join(into, 'release.json'), `${JSON.stringify(manifest, null, 1)}\n`);
  return into;
}
