import { createReadStream, createWriteStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BerthError } from '../../src/core/errors.ts';
import { sha256OfFile } from '../../src/engine/sha256-of-file.ts';
import { gptBytes, readGpt } from './gpt.ts';
import { asRaw, copyPrograms } from './inspect.ts';
import type { ImageManifest } from './release-files.ts';
import type { Tools } from './tools.ts';

/** What of an image a host updates to. */
export interface ImageParts {
  readonly manifest: ImageManifest;
  /** Files: the content of the slot, and the kernel image. */
  readonly usr: string;
  readonly uki: string;
}

/**
 * Takes slot and kernel image out of the raw disk in a directory that `berth image build` made, into `work`.
 * Throws NOT_FOUND when there is none, CONFIG_INVALID when they are not what its manifest.json says.
 */
export async function partsOfImage(directory: string, work: string, tools: Tools): Promise<ImageParts> {
  const manifest = await readImageManifest(directory);
  const raw = manifest.files.find(({ kind }) => kind === 'raw');
  if (raw === undefined) {
    throw new BerthError('NOT_FOUND', `${directory} has no raw disk`, { hint: 'build it with --format raw' });
  }
  const disk = await asRaw(join(directory, raw.name), work, tools);
  const handle = await open(disk);
  const head = await handle.read(Buffer.alloc(gptBytes), 0, gptBytes, 0).finally(async () => handle.close());
  const partitions = readGpt(head.buffer);
  const esp = partitions.find(({ name }) => name === 'berth-esp');
  const slot = partitions.find(({ name }) => name === 'berth-a');
  if (esp === undefined || slot === undefined)
    throw new BerthError('CONFIG_INVALID', `${raw.name} is no disk of Berth`);
  const usr = join(work, 'usr');
  const range = { start: slot.startBytes, end: slot.startBytes + manifest.usr.sizeBytes - 1 };
  await pipeline(createReadStream(disk, range), createWriteStream(usr));
  await copyPrograms(disk, esp, 'Linux', work, tools);
  const uki = join(work, 'Linux', manifest.uki.name);
  await requireDigest(usr, manifest.usr.sha256, `the slot in ${raw.name}`);
  await requireDigest(uki, manifest.uki.sha256, `${manifest.uki.name} in ${raw.name}`);
  return { manifest, usr, uki };
}

/** What a directory that `berth image build` made says of itself. Throws NOT_FOUND. */
export async function readImageManifest(directory: string): Promise<ImageManifest> {
  try {
    return JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')) as ImageManifest;
  } catch (cause) {
    throw new BerthError('NOT_FOUND', `${directory} has no manifest.json`, {
      cause,
      hint: '"berth image build" makes such a directory',
    });
  }
}

async function requireDigest(file: string, sha256: string, what: string): Promise<void> {
  if ((await sha256OfFile(file)) !== sha256)
    throw new BerthError('CONFIG_INVALID', `${what} is not what manifest.json says`);
}
