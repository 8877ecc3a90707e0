import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { HostConfig } from '../../config/host-config.ts';
import { BerthError, messageOf } from '../../core/errors.ts';
import { readArchiveReferences } from '../../engine/archive-references.ts';
import { ociImageNames } from '../../engine/oci-archive.ts';
import { saveImage } from '../../engine/save-image.ts';
import { normalizeReference } from '../../services/names.ts';
import type { Cli } from '../context.ts';
import { requireReadable } from '../files.ts';

const defaultEngine = 'unix:///var/run/docker.sock';
/** Every host has these: image/os/root/usr/lib/berth/images. */
const ownImages = /^berth\//;

/**
 * The archives that a bundle gets: those that are named, and of the images that the config's services name and none of these holds one
 * each from the engine of this machine, written to `directory`. Throws CONFIG_UNREADABLE, NOT_FOUND, USAGE.
 */
export async function gatherImages(
  cli: Cli,
  config: HostConfig | undefined,
  directory: string,
): Promise<readonly string[]> {
  const { context, flags } = cli;
  const archives: string[] = [];
  for (const shown of flags.images ?? []) {
    const path = resolve(context.cwd, shown);
    await requireReadable(path, shown);
    archives.push(path);
  }
  if (config === undefined) return archives;
  const held = new Set<string>();
  for (const archive of archives)
    for (const reference of await namesIn(archive)) held.add(normalizeReference(reference));
  const lacking = imagesIn(config).filter((reference) => !held.has(normalizeReference(reference)));
  if (lacking.length > 0) await mkdir(directory, { recursive: true });
  const saved: string[] = [];
  for (const reference of lacking) {
    const file = join(directory, `${saved.length + 1}.tar`);
    await save(reference, file, cli);
    saved.push(file);
  }
  return [...archives, ...saved];
}

async function namesIn(archive: string): Promise<readonly string[]> {
  return readArchiveReferences(archive).catch(async () => ociImageNames(archive));
}

/** The images that a config's services name, each once. Pure. */
function imagesIn({ compose }: HostConfig): readonly string[] {
  const images = Object.values(compose.services).flatMap(({ image }) => (image === undefined ? [] : [image]));
  const byName = new Map(images.map((image) => [normalizeReference(image), image]));
  return [...byName.values()].filter((image) => !ownImages.test(normalizeReference(image)));
}

async function save(reference: string, file: string, { context, flags }: Cli): Promise<void> {
  // What is loaded from an archive has no digest of a registry's.
  if (reference.includes('@'))
    throw new BerthError('USAGE', `${reference} is named by its digest: no archive can bring it`, {
      hint: 'name it by a tag',
    });
  const engine = flags.engine ?? context.env['DOCKER_HOST'] ?? defaultEngine;
  const socket = engine.replace(/^unix:\/\//, '');
  if (!socket.startsWith('/'))
    throw new BerthError('USAGE', `${engine}: only unix:///path/to/socket is understood`, { hint: '--engine' });
  await saveImage(socket, reference, file, context.signal).catch((cause: unknown) => {
    context.signal.throwIfAborted();
    throw new BerthError(
      'NOT_FOUND',
      `${reference} is in no archive, and ${engine} does not give it: ${messageOf(cause)}`,
      {
        cause,
        hint: `docker pull ${reference}, or give an archive of it: --images FILE`,
      },
    );
  });
}
