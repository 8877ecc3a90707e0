import { createCipheriv } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type SlotFacts,
  type TransferArtifacts,
  transferArtifacts,
} from '../../../../../src/update/transfer/artifacts.ts';
import { DirectorySource } from '../../../../../src/update/transfer/directory-source.ts';
import { makeArtifacts } from '../../../../../src/update/transfer/make-artifacts.ts';
import type { WriteSlotOptions } from '../../../../../src/update/transfer/transfer-options.ts';
import {
  blockBytes,
  digestBytes,
  hashBlocks,
  hashTree,
  slotLayout,
} from '../../../../../src/update/transfer/verity.ts';
import { seededRandom } from '../../../../support/random.ts';

/** A slot's content in a file. */
export interface TestSlot extends SlotFacts {
  readonly file: string;
  /** Data, superblock and tree. */
  readonly content: Uint8Array;
}

/** Two releases, what brings one to the other, and where it all lies. */
export interface TestUpdate {
  readonly old: TestSlot;
  readonly next: TestSlot;
  readonly artifacts: TransferArtifacts;
  readonly directory: string;
}

export const never = new AbortController().signal;

export const stoppedClock = { now: () => 0, sleep: async () => undefined };

/** Blocks that look like files: some text, some noise, some zeros. */
export function imageOf(seed: number, blocks: number): Uint8Array {
  const random = seededRandom(seed);
  const bytes = new Uint8Array(blocks * blockBytes);
  for (let block = 0; block < blocks; block += 1) {
    const kind = random();
    const part = bytes.subarray(block * blockBytes, (block + 1) * blockBytes);
    if (kind > 0.9) continue;
    const letters = kind > 0.4 ? 16 : 256;
    for (let at = 0; at < blockBytes; at += 1) part[at] = random() * letters;
  }
  return bytes;
}

/** Blocks that nothing can make smaller. */
export function noise(seed: number, blocks: number): Uint8Array {
  const stream = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  return new Uint8Array(stream.update(new Uint8Array(blocks * blockBytes)));
}

/** What a new release does to an image: bytes change, pieces move, come and go. */
export function changed(image: Uint8Array, seed: number, edits: number): Uint8Array {
  const random = seededRandom(seed);
  const place = (bytes: Uint8Array): number => Math.floor(random() * bytes.length);
  let bytes: Uint8Array = Uint8Array.from(image);
  for (let edit = 0; edit < edits; edit += 1) {
    const kind = random();
    const at = place(bytes);
    const length = Math.floor(random() * 20_000);
    if (kind < 0.4) for (let near = 0; near < 40; near += 1) bytes[(at + near * 7) % bytes.length] = random() * 256;
    else if (kind < 0.7)
      bytes = concat(bytes.subarray(0, at), imageOf(seed + edit, 3).subarray(0, length), bytes.subarray(at));
    else if (kind < 0.85) bytes = concat(bytes.subarray(0, at), bytes.subarray(at + length));
    else bytes = concat(bytes.subarray(at), bytes.subarray(0, at));
  }
  const blocks = Math.max(1, Math.ceil(bytes.length / blockBytes));
  return concat(bytes, new Uint8Array(blocks * blockBytes - bytes.length));
}

/** Says how long it is, as the file system of a release does (erofs: magic, log2 of a block, blocks). */
export function withHead(data: Uint8Array): Uint8Array {
  const head = Buffer.from(data.buffer, data.byteOffset, blockBytes);
  head.writeUInt32LE(0xe0f5e1e2, 1024);
  head.writeUInt8(12, 1024 + 12);
  head.writeUInt32LE(data.length / blockBytes, 1024 + 36);
  return data;
}

/** Writes data and its tree as a slot. */
export async function slotOf(file: string, data: Uint8Array): Promise<TestSlot> {
  const dataBlocks = data.length / blockBytes;
  const leaves = new Uint8Array(dataBlocks * digestBytes);
  hashBlocks(data, leaves, 0);
  const { rootHash, bytes } = hashTree(slotLayout(dataBlocks), leaves);
  const content = concat(data, bytes);
  await writeFile(file, content);
  return { file, content, rootHash, dataBlocks };
}

/** Makes two slots and the artifacts of the second one in a directory. */
export async function updateOf(directory: string, old: Uint8Array, next: Uint8Array): Promise<TestUpdate> {
  await mkdir(directory, { recursive: true });
  const oldSlot = await slotOf(join(directory, 'old'), old);
  const nextSlot = await slotOf(join(directory, 'next'), next);
  const sources = { image: nextSlot, previous: [oldSlot] };
  const made = await makeArtifacts({ ...sources, directory, name: 'new', level: 3, signal: never });
  const artifacts = transferArtifacts({ artifacts: made });
  await mkdir(join(directory, 'blobs'));
  for (const { name, sha256 } of made)
    await rename(join(directory, name), join(directory, 'blobs', `${sha256}.${name}`));
  return { old: oldSlot, next: nextSlot, artifacts, directory };
}

/** Options that bring `update` from its directory to a new target, by the delta. */
export function transferOf({ old, next, artifacts, directory }: TestUpdate): WriteSlotOptions {
  return {
    source: new DirectorySource(directory),
    artifacts,
    release: next,
    target: join(directory, 'target'),
    seed: { ...old, device: old.file },
    signal: never,
    clock: stoppedClock,
  };
}

/** A target with something old in it, longer than the release by some blocks. */
export async function freshTarget({ directory, next }: TestUpdate): Promise<string> {
  const target = join(directory, 'target');
  await writeFile(target, noise(99, next.content.length / blockBytes + 3));
  return target;
}

function concat(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
