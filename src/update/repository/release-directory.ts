import { copyFile, mkdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError } from '../../core/errors.ts';
import { isPresent, syncPath, writeDurably } from '../../engine/durable-file.ts';
import { sha256OfFile } from '../../engine/sha256-of-file.ts';
import { blobName, parseReleaseManifest, type ReleaseManifest } from '../release-manifest.ts';
import { makeArtifacts, type SlotImageFile } from '../transfer/make-artifacts.ts';

/** What a release is made of. */
export interface ReleaseParts {
  /** The content of a slot. */
  readonly usr: SlotImageFile;
  /** `name` as on the EFI partition. */
  readonly uki: { readonly file: string; readonly name: string };
  readonly facts: Pick<
    ReleaseManifest,
    'version' | 'sequence' | 'architecture' | 'kernel' | 'created' | 'minimumVersion' | 'stateSchema'
  >;
}

interface File {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Writes a release into a directory of its own: `release.json` and the files that it names. @returns the manifest. */
export async function writeReleaseDirectory(
  directory: string,
  parts: ReleaseParts,
  level: number,
  signal: AbortSignal,
): Promise<ReleaseManifest> {
  const { usr, uki, facts } = parts;
  await mkdir(directory, { recursive: true });
  const ukiFile = join(directory, uki.name);
  await copyFile(uki.file, ukiFile);
  const name = `berth-${facts.version}-${facts.architecture}-${facts.kernel}`;
  const artifacts = await makeArtifacts({ image: usr, previous: [], directory, name, level, signal });
  const { sha256, bytes } = await describe(usr.file, '');
  const manifest = {
    format: 1,
    product: 'berth',
    ...facts,
    usr: { sha256, bytes, dataBlocks: usr.dataBlocks, rootHash: usr.rootHash },
    uki: await describe(directory, uki.name),
    artifacts,
  };
  const content = Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`);
  const checked = parseReleaseManifest(content);
  await writeDurably(join(directory, 'release.json'), content, 0o644);
  return checked;
}

/** Reads a release that is to be published. Throws NOT_FOUND, CONFIG_INVALID when a file is not as its manifest says. */
export async function readReleaseDirectory(
  directory: string,
): Promise<{ readonly manifest: ReleaseManifest; readonly content: Uint8Array }> {
  const content = await readFile(join(directory, 'release.json')).catch((cause: unknown) => {
    throw new BerthError('NOT_FOUND', `${directory} has no release.json`, {
      cause,
      hint: '"berth release build" makes such a directory',
    });
  });
  const manifest = parseReleaseManifest(content);
  for (const { name, sha256, bytes } of filesOf(manifest)) {
    const file = await describe(directory, name);
    if (file.sha256 !== sha256 || file.bytes !== bytes)
      throw new BerthError('CONFIG_INVALID', `${join(directory, name)} is not what release.json says`);
  }
  return { manifest, content };
}

/** Copies a release's files to where hosts look for them: `targets/blobs`, under their digests. */
export async function copyBlobs(directory: string, manifest: ReleaseManifest, repository: string): Promise<void> {
  const blobs = join(repository, 'targets', 'blobs');
  await mkdir(blobs, { recursive: true });
  for (const { name, sha256 } of filesOf(manifest)) {
    const to = join(blobs, blobName({ name, sha256 }));
    if (await isPresent(to)) continue;
    await copyFile(join(directory, name), `${to}.new`);
    await syncPath(`${to}.new`);
    await rename(`${to}.new`, to);
  }
  await syncPath(blobs);
}

function filesOf({ uki, artifacts }: ReleaseManifest): readonly File[] {
  return [uki, ...artifacts];
}

async function describe(directory: string, name: string): Promise<File> {
  const path = name === '' ? directory : join(directory, name);
  try {
    return { name, sha256: await sha256OfFile(path), bytes: (await stat(path)).size };
  } catch (cause) {
    throw new BerthError('NOT_FOUND', `${path} cannot be read`, { cause });
  }
}
