import { mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BerthError } from '../../core/errors.ts';
import { readArchiveReferences } from '../../engine/archive-references.ts';
import { withDockerManifest } from '../../engine/oci-archive.ts';
import { sha256OfFile } from '../../engine/sha256-of-file.ts';
import { imageFolder, imageListName } from '../bundle/image-list.ts';
import type { RoleSigners, TufClient } from '../tuf/tuf-client.ts';
import { type Document, metadataTime, serialize, specVersion, type TargetsDocument } from './documents.ts';
import type { Signing } from './publishing.ts';
import { type Authority, addSignatures, mergeSignatures, missingSignatures } from './signing.ts';
import { askForSignatures, signaturesIn } from './signing-request.ts';

/** An archive of service images that goes into a bundle. */
interface Archive {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly references: readonly string[];
}

export interface BundleImagesOptions {
  /** After its refresh. */
  readonly client: Pick<TufClient, 'signersOf' | 'timestampVersion'>;
  readonly channel: string;
  /** Paths of archives as `docker save` or `skopeo copy` write them: Docker's form, or OCI image layouts. */
  readonly archives: readonly string[];
  /** When the bundle's metadata expires, ISO time. */
  readonly expires: string;
  readonly signing: Signing;
  /** A file by which others sign the list: read when it is there, written when signatures are missing. */
  readonly request?: string | undefined;
}

/** What is laid out in a folder, to be put into a bundle. */
export interface BundleImages {
  /** Paths in the folder and in the bundle. */
  readonly files: readonly string[];
  readonly references: readonly string[];
}

/**
 * Lays out a signed list of service images, and links to their archives, in a new folder. Throws CONFIG_UNREADABLE for a file that is no
 * such archive, USAGE for an archive whose images have no names or names that another one has, and when signatures are missing:
 * RELEASE_REFUSED when they were asked for by a request.
 */
export async function layOutImages(directory: string, options: BundleImagesOptions): Promise<BundleImages> {
  const folder = join('targets', imageFolder);
  await mkdir(join(directory, 'metadata'), { recursive: true });
  await mkdir(join(directory, folder), { recursive: true });
  const archives: Archive[] = [];
  for (const path of options.archives.map((one) => resolve(one))) {
    const archive = await describe(path, join(directory, `oci-${archives.length}`), options.signing.signal);
    requireOthers(archive, archives);
    archives.push(archive);
  }
  const list = await signedList(archives, options);
  const listFile = join('metadata', imageListName);
  await writeFile(join(directory, listFile), serialize(list));
  const links: string[] = [];
  for (const archive of archives) {
    const link = join(folder, `${archive.sha256}.${nameOf(archive)}`);
    await rm(join(directory, link), { force: true });
    await symlink(archive.path, join(directory, link));
    links.push(link);
  }
  return { files: [listFile, ...links], references: archives.flatMap(({ references }) => references) };
}

/** @param copy where an OCI image layout goes with what engines look for in it. */
async function describe(path: string, copy: string, signal: AbortSignal): Promise<Archive> {
  const { file, references } = await readArchiveReferences(path).then(
    (found) => ({ file: path, references: found }),
    async () => {
      await withDockerManifest(path, copy, signal);
      return { file: copy, references: await readArchiveReferences(copy) };
    },
  );
  if (references.length === 0)
    throw new BerthError('USAGE', `the images in ${path} have no names`, { hint: 'docker save NAME:TAG' });
  return { path: file, references, sha256: await sha256OfFile(file), bytes: (await stat(file)).size };
}

function requireOthers({ path, references }: Archive, archives: readonly Archive[]): void {
  const names = new Set(archives.flatMap((one) => one.references));
  const twice = references.filter((reference) => names.has(reference));
  if (twice.length > 0) throw new BerthError('USAGE', `${twice.join(', ')} is in ${path}, and in an archive before it`);
}

async function signedList(
  archives: readonly Archive[],
  { client, channel, expires, request, signing: { signers, signal } }: BundleImagesOptions,
): Promise<Document<TargetsDocument>> {
  const targets = archives.map((archive) => {
    const { bytes: length, sha256, references } = archive;
    return [`${imageFolder}/${nameOf(archive)}`, { length, hashes: { sha256 }, custom: { references } }] as const;
  });
  const signed: TargetsDocument = {
    ...{ _type: 'targets', spec_version: specVersion, version: client.timestampVersion },
    expires: metadataTime(Date.parse(expires)),
    targets: Object.fromEntries(targets),
  };
  const authority = authorityOf(client.signersOf(channel));
  const brought = request === undefined ? [] : await signaturesIn(request, imageListName, signed);
  const begun = mergeSignatures(imageListName, { signatures: [], signed }, brought, [authority]);
  const { document } = await addSignatures(imageListName, begun.document, [authority], signers, signal);
  const [missing] = missingSignatures(imageListName, document, [authority]);
  if (missing === undefined) return document;
  const message = `the list of service images needs ${missing.needs} signatures of the channel ${channel}, it has ${missing.has}`;
  const ids = missing.keyIds.map((id) => id.slice(0, 12)).join(', ');
  if (request === undefined)
    throw new BerthError('USAGE', message, {
      hint: `--key or --signer, of ${ids}; where that key is on another machine: --request FILE asks for its signature`,
    });
  await askForSignatures(request, imageListName, document, [authority]);
  throw new BerthError('RELEASE_REFUSED', message, {
    details: { refusal: 'threshold', missing },
    hint: `"berth release sign --request ${request} --key KEY" with ${ids} signs it, on any machine; then this command again`,
  });
}

/** A name for a person; the digest before it makes it another one for each archive. */
function nameOf({ references: [reference = ''], sha256 }: Archive): string {
  return `${sha256.slice(0, 8)}-${reference.replaceAll(/[^\w.-]/g, '-').slice(-100)}.tar`;
}

function authorityOf(signers: RoleSigners | undefined): Authority {
  const { role = { keyIDs: [], threshold: 1 }, keys = {} } = signers ?? {};
  return {
    keyids: role.keyIDs,
    threshold: role.threshold,
    keys: Object.fromEntries(
      Object.entries(keys).map(([id, { keyType, scheme, keyVal }]) => [
        id,
        { keytype: keyType, scheme, keyval: { public: keyVal['public'] ?? '' } },
      ]),
    ),
  };
}
