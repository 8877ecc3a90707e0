import { copyFile, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { certificatesOf } from '../../boot/certificates.ts';
import { isPe, readPeSignatures } from '../../boot/pe.ts';
import { BerthError } from '../../core/errors.ts';
import { isPresent, syncPath, writeDurably } from '../../engine/durable-file.ts';
import { sha256OfFile } from '../../engine/sha256-of-file.ts';
import { trustNote } from '../baked-trust.ts';
import { blobName, parseReleaseManifest, type ReleaseFile, type ReleaseManifest } from '../release-manifest.ts';
import { makeArtifacts, type SlotImageFile } from '../transfer/make-artifacts.ts';
import { makeKernelDeltas } from '../transfer/make-kernel-deltas.ts';
import { type PackedSlot, unpackSlot } from '../transfer/unpack-slot.ts';

/** A release that was made before, as files: hosts that run it get deltas. */
export interface PreviousRelease {
  readonly sequence: number;
  readonly slot: PackedSlot;
  /** Its kernel image. */
  readonly kernel: { readonly file: string; readonly sha256: string };
}

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
  /** Root metadata of the repository that its hosts trust: a text. */
  readonly trustedRoot?: string;
  /** Releases that get deltas to this one. */
  readonly previous?: readonly PreviousRelease[];
}

/**
 * Writes a release into a directory of its own: `release.json` and the files that it names. Previous releases are unpacked there,
 * one at a time, and removed again. @returns the manifest. Throws CONFIG_INVALID when an image is not what its root hash says.
 */
export async function writeReleaseDirectory(
  directory: string,
  parts: ReleaseParts,
  level: number,
  signal: AbortSignal,
): Promise<ReleaseManifest> {
  const { usr, uki, facts, trustedRoot, previous = [] } = parts;
  await mkdir(directory, { recursive: true });
  await noteTrust(directory, trustedRoot);
  const ukiFile = join(directory, uki.name);
  await copyFile(uki.file, ukiFile);
  const name = `berth-${facts.version}-${facts.architecture}-${facts.kernel}`;
  const made = { directory, name, signal };
  const older = unpacked(previous, directory, signal);
  const artifacts = [
    ...(await makeArtifacts({ ...made, image: usr, previous: older, level })),
    ...(await makeKernelDeltas({ ...made, kernel: ukiFile, previous: previous.map(({ kernel }) => kernel) })),
  ];
  const { sha256, bytes } = await describe(usr.file);
  const manifest = {
    format: 1,
    product: 'berth',
    ...facts,
    usr: { sha256, bytes, dataBlocks: usr.dataBlocks, rootHash: usr.rootHash },
    uki: { name: uki.name, ...(await describe(ukiFile)), ...signersIn(await readFile(ukiFile)) },
    artifacts,
  };
  const content = Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`);
  const checked = parseReleaseManifest(content);
  await writeDurably(join(directory, 'release.json'), content, 0o644);
  return checked;
}

async function noteTrust(directory: string, trustedRoot: string | undefined): Promise<void> {
  const note = join(directory, trustNote);
  // The directory may hold another release, which this one replaces.
  if (trustedRoot === undefined) await rm(note, { force: true });
  else await writeDurably(note, trustedRoot, 0o644);
}

/** Whether the hosts of a release in a directory trust a repository, as far as the directory says. */
export async function trustsRepository(directory: string, repository: string): Promise<boolean | undefined> {
  const note = join(directory, trustNote);
  if (!(await isPresent(note))) return undefined;
  const root = await readFile(note);
  const metadata = join(repository, 'metadata');
  if (!(await isPresent(metadata))) return undefined;
  const names = (await readdir(metadata)).filter((name) => /^\d+\.root\.json$/.test(name));
  const roots = await Promise.all(names.map(async (name) => readFile(join(metadata, name))));
  return roots.some((one) => one.equals(root));
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
  await requireFiles(manifest, ({ name }) => join(directory, name));
  return { manifest, content };
}

/** Throws NOT_FOUND, CONFIG_INVALID when a file of a release, wherever it is, is not as its manifest says. */
export async function requireFiles(manifest: ReleaseManifest, pathOf: (file: ReleaseFile) => string): Promise<void> {
  for (const file of filesOf(manifest)) {
    const path = pathOf(file);
    const { sha256, bytes } = await describe(path);
    if (sha256 !== file.sha256 || bytes !== file.bytes)
      throw new BerthError('CONFIG_INVALID', `${path} is not what release.json says`);
  }
}

/** Copies a release's files to where hosts look for them: `targets/blobs`, under their digests. Rejects with the signal's reason. */
export async function copyBlobs(
  directory: string,
  manifest: ReleaseManifest,
  repository: string,
  signal: AbortSignal,
): Promise<void> {
  const blobs = join(repository, 'targets', 'blobs');
  await mkdir(blobs, { recursive: true });
  for (const { name, sha256 } of filesOf(manifest)) {
    const to = join(blobs, blobName({ name, sha256 }));
    if (await isPresent(to)) continue;
    signal.throwIfAborted();
    await copyFile(join(directory, name), `${to}.new`);
    await syncPath(`${to}.new`);
    await rename(`${to}.new`, to);
  }
  await syncPath(blobs);
  signal.throwIfAborted();
}

/** All that a release consists of besides its manifest. Pure. */
export function filesOf({ uki, artifacts }: ReleaseManifest): readonly ReleaseFile[] {
  return [uki, ...artifacts];
}

/** Each is there until the next is asked for. */
async function* unpacked(
  releases: readonly PreviousRelease[],
  directory: string,
  signal: AbortSignal,
): AsyncGenerator<SlotImageFile> {
  const file = join(directory, '.previous');
  try {
    for (const { slot } of releases) yield await unpackSlot(slot, file, signal);
  } finally {
    await rm(file, { force: true });
  }
}

/** So that a host whose firmware enforces Secure Boot knows before it fetches anything. */
function signersIn(program: Buffer): Pick<ReleaseManifest['uki'], 'signers'> {
  if (!isPe(program)) return {};
  const signers = readPeSignatures(program).flatMap((signature) => certificatesOf(signature));
  return { signers: signers.map(({ raw }) => raw.toString('base64')) };
}

async function describe(path: string): Promise<Omit<ReleaseFile, 'name'>> {
  try {
    return { sha256: await sha256OfFile(path), bytes: (await stat(path)).size };
  } catch (cause) {
    throw new BerthError('NOT_FOUND', `${path} cannot be read`, { cause });
  }
}
