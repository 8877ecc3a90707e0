import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from '../../../image/command.ts';
import type { ReleaseManifest } from '../../../src/update/release-manifest.ts';
import { writeReleaseDirectory } from '../../../src/update/repository/release-directory.ts';
import { ReleaseServer } from './release-server.ts';
import { projectDirectory } from './test-image.ts';
import type { TestRelease } from './test-releases.ts';

/** A release repository that virtual machines can reach, made by the commands that people use. */
export class ReleaseRepository {
  readonly directory: string;
  readonly server: ReleaseServer;
  readonly #keys: string;
  #sequence = 1;

  private constructor(directory: string, keys: string, server: ReleaseServer) {
    this.directory = directory;
    this.#keys = keys;
    this.server = server;
  }

  static async create(directory: string): Promise<ReleaseRepository> {
    const keys = `${directory}.keys`;
    await berth('release', 'keygen', keys);
    await berth('release', 'init', directory, '--keys', keys);
    return new ReleaseRepository(directory, keys, await ReleaseServer.start(directory));
  }

  get guestUrl(): string {
    return this.server.guestUrl;
  }

  /** Where trust begins, as one line. */
  async root(): Promise<string> {
    const text = await readFile(join(this.directory, 'metadata/1.root.json'), 'utf8');
    return JSON.stringify(JSON.parse(text));
  }

  /** Publishes a release to all hosts of the channel `edge`. @param change makes another `release.json` of it. */
  async publish(
    { version, slot, uki }: TestRelease,
    change: (manifest: ReleaseManifest) => ReleaseManifest = (manifest) => manifest,
  ): Promise<void> {
    this.#sequence += 1;
    const parts = await mkdtemp(join(dirname(this.directory), 'release-'));
    const facts = {
      ...{ version, sequence: this.#sequence, architecture: 'amd64' as const, kernel: 'cloud' },
      ...{ created: new Date().toISOString(), stateSchema: { from: 1, to: 1 } },
    };
    const signal = new AbortController().signal;
    const manifest = await writeReleaseDirectory(
      parts,
      { usr: slot, uki: { file: uki, name: `berth_${version}.efi` }, facts },
      1,
      signal,
    );
    await writeFile(join(parts, 'release.json'), JSON.stringify(change(manifest)));
    await berth('release', 'publish', this.directory, parts, '--channel', 'edge', '--key', this.#keys);
  }

  /** One release in one file, with archives of service images. @returns the file. */
  async bundle(version: string, file: string, images: readonly string[] = []): Promise<string> {
    const options = ['--channel', 'edge', '--key', this.#keys, ...images.flatMap((image) => ['--images', image])];
    await berth('release', 'bundle', this.directory, version, '--out', file, ...options);
    return file;
  }

  async close(): Promise<void> {
    await this.server.stop();
  }
}

async function berth(...words: readonly string[]): Promise<string> {
  return (await runCommand(join(projectDirectory, 'berth'), words)).stdout;
}
