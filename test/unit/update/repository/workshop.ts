import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFeed, readRelease } from '../../../../src/update/feed/channel.ts';
import type { Feed } from '../../../../src/update/feed/feed.ts';
import type { ReleaseManifest } from '../../../../src/update/release-manifest.ts';
import { keyFileSigners, makeKeyFile, type PublicKey } from '../../../../src/update/repository/key-file.ts';
import type { Signing } from '../../../../src/update/repository/publishing.ts';
import type { RepositoryKeys } from '../../../../src/update/repository/repository-keys.ts';
import { DirectorySource } from '../../../../src/update/tuf/directory-source.ts';
import { MetadataStore } from '../../../../src/update/tuf/metadata-store.ts';
import { TufClient } from '../../../../src/update/tuf/tuf-client.ts';
import { filesBelow } from '../../../support/files-below.ts';
import { writeSmallRelease } from '../release-document.ts';

export const noon = Date.parse('2026-05-01T12:00:00Z');
export const day = 86_400_000;
export const { signal } = new AbortController();
export const toAll = { rollout: { kind: 'all' }, barrier: false, urgent: false } as const;

/** A folder with keys, releases, a repository, and a host that looks at it. */
export class Workshop {
  readonly directory: string;
  readonly repository: string;
  now = noon;

  private constructor(directory: string) {
    this.directory = directory;
    this.repository = join(directory, 'www');
  }

  static async open(): Promise<Workshop> {
    return new Workshop(await mkdtemp(join(tmpdir(), 'berth-workshop-')));
  }

  async close(): Promise<void> {
    await rm(this.directory, { recursive: true });
  }

  async key(name: string): Promise<PublicKey> {
    return makeKeyFile(join(this.directory, 'keys'), name);
  }

  /** Three root keys, two keys of stable, one of edge. */
  async keys(): Promise<RepositoryKeys> {
    const named = async (...names: readonly string[]) => Promise.all(names.map(async (name) => this.key(name)));
    return {
      root: await named('root-1', 'root-2', 'root-3'),
      targets: await named('targets'),
      online: await named('online'),
      channels: new Map([
        ['stable', await named('stable-1', 'stable-2')],
        ['edge', await named('edge')],
      ]),
    };
  }

  /** Signs with these keys; with none named, with all there are. */
  async signing(...names: readonly string[]): Promise<Signing> {
    const keys = join(this.directory, 'keys');
    const paths = names.length === 0 ? [keys] : names.map((name) => join(keys, `${name}.key`));
    return { signers: (await Promise.all(paths.map(keyFileSigners))).flat(), nowMs: this.now, signal };
  }

  /** A release of one block. @returns its directory. */
  async release(version: string, sequence: number): Promise<string> {
    return writeSmallRelease(this.directory, version, sequence);
  }

  /** A host that trusts the repository's first root. */
  async host(): Promise<TufClient> {
    const client = new TufClient({
      metadata: new DirectorySource(join(this.repository, 'metadata')),
      targets: new DirectorySource(join(this.repository, 'targets')),
      store: new MetadataStore(join(this.directory, 'host')),
      shippedRoot: await readFile(join(this.repository, 'metadata', '1.root.json')),
      now: () => this.now,
      builtMs: 0,
    });
    await client.refresh(signal);
    return client;
  }

  /** What a host sees of a channel. */
  async seen(channel: string): Promise<Feed> {
    return readFeed(await this.host(), channel, signal);
  }

  /** What a host sees of the newest release of a channel. */
  async newest(channel: string): Promise<ReleaseManifest> {
    const host = await this.host();
    const release = (await readFeed(host, channel, signal)).releases.at(-1);
    if (release === undefined) throw new Error(`${channel} is empty`);
    return readRelease(host, channel, release, signal);
  }

  /** All files of the repository with their digests. */
  async files(): Promise<Record<string, string>> {
    return filesBelow(this.repository);
  }
}
