import { join } from 'node:path';
import { BerthError } from '../../core/errors.ts';
import { isPresent } from '../../engine/durable-file.ts';
import {
  artifactOf,
  blobName,
  parseReleaseManifest,
  type ReleaseFile,
  type ReleaseManifest,
} from '../release-manifest.ts';
import { currentFeed } from './channel-feed.ts';
import { type PreviousRelease, readReleaseDirectory, requireFiles } from './release-directory.ts';
import { Repository } from './repository.ts';

const minuteMs = 60_000;

/** What a release is for. */
export type Machine = Pick<ReleaseManifest, 'architecture' | 'kernel'>;

/**
 * Opens releases made before: each a directory that `release build` made, or `REPOSITORY:VERSION` for a published one. Those that
 * are there twice count once. Throws NOT_FOUND, CONFIG_INVALID when files are not as they were or a release is for other machines.
 */
export async function openPrevious(places: readonly string[], machine: Machine): Promise<PreviousRelease[]> {
  const found = new Map<string, PreviousRelease>();
  for (const place of places) {
    const published = /^(.+):([^:/]+)$/.exec(place);
    const isDirectory = published === null || (await isPresent(join(place, 'release.json')));
    const release = isDirectory
      ? await inDirectory(place, machine)
      : await inRepository(published[1] ?? '', published[2] ?? '', machine);
    found.set(release.slot.rootHash, release);
  }
  return [...found.values()];
}

/**
 * The sequence of a release that nobody gave one: minutes since 1970, so that it rises whoever builds; higher than those of
 * releases before it, of which one may be of this minute. Pure.
 */
export function nextSequence(previous: readonly PreviousRelease[], nowMs: number): number {
  return Math.max(Math.floor(nowMs / minuteMs), ...previous.map(({ sequence }) => sequence + 1));
}

async function inDirectory(directory: string, machine: Machine): Promise<PreviousRelease> {
  const { manifest } = await readReleaseDirectory(directory);
  const { architecture, kernel } = manifest;
  if (architecture === machine.architecture && kernel === machine.kernel)
    return previousOf(manifest, ({ name }) => join(directory, name));
  throw new BerthError(
    'CONFIG_INVALID',
    `${directory} is for ${architecture} ${kernel}, not for ${machine.architecture} ${machine.kernel}`,
    { hint: 'deltas are made between releases for the same machines' },
  );
}

async function inRepository(directory: string, version: string, machine: Machine): Promise<PreviousRelease> {
  const repository = await Repository.open(directory);
  const { architecture, kernel } = machine;
  for (const channel of repository.channels) {
    const { releases } = await currentFeed(repository, channel);
    const release = releases.find(
      (one) => one.version === version && one.architecture === architecture && one.kernel === kernel,
    );
    if (release === undefined) continue;
    const content = await repository.readTarget(channel, `${channel}/${release.manifest.name}`);
    if (content === undefined)
      throw new BerthError('STORE_CORRUPT', `${channel} does not list ${release.manifest.name}`);
    const manifest = parseReleaseManifest(content);
    const pathOf = (file: ReleaseFile): string => join(directory, 'targets', 'blobs', blobName(file));
    await requireFiles(manifest, pathOf);
    return previousOf(manifest, pathOf);
  }
  throw new BerthError(
    'NOT_FOUND',
    `no channel of ${directory} has a release ${version} for ${architecture} ${kernel}`,
  );
}

function previousOf(manifest: ReleaseManifest, pathOf: (file: ReleaseFile) => string): PreviousRelease {
  const { sequence, usr, uki } = manifest;
  const [full, index] = [artifactOf(manifest, 'full'), artifactOf(manifest, 'index')];
  const { dataBlocks, rootHash } = usr;
  return {
    sequence,
    slot: { dataBlocks, rootHash, full: { file: pathOf(full), bytes: full.bytes }, index: pathOf(index) },
    kernel: { file: pathOf(uki), sha256: uki.sha256 },
  };
}
