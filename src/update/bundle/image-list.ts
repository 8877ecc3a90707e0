import { z } from 'zod';
import { messageOf } from '../../core/errors.ts';
import { parseTargets, requireSigned } from '../tuf/metadata.ts';
import { refuse } from '../tuf/refusal.ts';
import { type TrustedTarget, toTrustedTarget } from '../tuf/target.ts';
import type { RoleSigners } from '../tuf/tuf-client.ts';

/** The list's file among the metadata of a bundle. */
export const imageListName = 'images.json';
/** The folder of archives, in the list and below `targets`. */
export const imageFolder = 'images';
/** What is longer is no work of ours. */
export const maxImageListBytes = 2 ** 20;
const mostImages = 512;

/** A service image that came with a release. */
export interface CarriedImage {
  /** As services name it; it may have several names. */
  readonly references: readonly string[];
  /** An archive as `docker save` writes it. */
  readonly archive: TrustedTarget;
}

/** Who has to have signed a list, and of which state of the repository it has to be. */
export interface ImageListTrust {
  /** Of the channel. */
  readonly signers: RoleSigners | undefined;
  /** The trusted timestamp's. */
  readonly timestampVersion: number;
}

const customSchema = z.object({ references: z.array(z.string().min(1).max(512)).min(1).max(32) });
/** It becomes part of file names here. */
const archivePath = new RegExp(`^${imageFolder}/\\w[\\w.+-]{0,127}$`);
const sha256 = /^[0-9a-f]{64}$/;

/**
 * Reads the list of a bundle's service images: TUF metadata of the kind `targets` (1.0, section 4.5), signed by the channel's keys, with
 * the version of the timestamp that it was made for. So nobody can carry it over to other metadata, and it expires with that.
 * Pure. Throws RELEASE_REFUSED.
 */
export function parseImageList(content: Uint8Array, { signers, timestampVersion }: ImageListTrust): CarriedImage[] {
  const metadata = parseTargets(imageListName, content);
  requireSigned(imageListName, signers?.role, signers?.keys ?? {}, metadata);
  const { version, targets } = metadata.signed;
  if (version !== timestampVersion)
    throw refuse('mix-and-match', imageListName, `it is for timestamp ${version}, this is ${timestampVersion}`);
  const files = Object.values(targets);
  if (files.length > mostImages) throw refuse('oversized', imageListName, `it has ${files.length} images`);
  return files.map((file) => {
    const { path, hashes, custom } = file;
    if (!archivePath.test(path) || !sha256.test(hashes['sha256'] ?? ''))
      throw refuse('malformed', imageListName, `${JSON.stringify(path)} is no archive of images`);
    try {
      return { references: customSchema.parse(custom).references, archive: toTrustedTarget(file, true) };
    } catch (error) {
      throw refuse('malformed', imageListName, `${path}: ${messageOf(error)}`, error);
    }
  });
}
