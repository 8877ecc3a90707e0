import { createHash } from 'node:crypto';
import { appendFile, readFile, stat } from 'node:fs/promises';
import { BerthError } from '../../src/core/errors.ts';
import { slotBytes, type VerityFacts } from './layout.ts';
import type { Tools } from './tools.ts';

/** What a slot's partition holds: /usr as erofs, then its dm-verity hash tree. */
export interface SlotImage extends VerityFacts {
  readonly file: string;
  readonly sizeBytes: number;
}

export interface SlotOptions {
  /** Directory that becomes /usr. */
  readonly usr: string;
  readonly file: string;
  /** Time stamp of all files. */
  readonly epochSeconds: number;
  /** lz4 instead of lz4hc: a tenth of the time, a fifth more bytes. */
  readonly fast: boolean;
  readonly tools: Tools;
}

const blockBytes = 4096;
/** Fixed: the same content gives the same bytes. Verity's salt is left out for the same reason: what it guards against (prepared
 * collisions of one hash tree for many disks) is no attack on a public image. */
const fileSystemId = 'be278000-0000-4000-8000-0000000000e0';
const verityId = 'be278000-0000-4000-8000-0000000000e1';

/** Makes the content of a slot. Throws CONFIG_INVALID when it is bigger than a slot. */
export async function buildSlot({ usr, file, epochSeconds, fast, tools }: SlotOptions): Promise<SlotImage> {
  await tools.run('mkfs.erofs', [
    '--quiet',
    fast ? '-zlz4' : '-zlz4hc,12',
    '-C65536',
    `-T${epochSeconds}`,
    `-U${fileSystemId}`,
    '--all-root',
    '-x-1',
    file,
    usr,
  ]);
  const { size } = await stat(file);
  if (size % blockBytes !== 0) await appendFile(file, Buffer.alloc(blockBytes - (size % blockBytes)));
  const dataBlocks = Math.ceil(size / blockBytes);
  const { stdout } = await tools.run('veritysetup', [
    'format',
    '--salt=-',
    `--uuid=${verityId}`,
    `--data-blocks=${dataBlocks}`,
    `--hash-offset=${dataBlocks * blockBytes}`,
    file,
    file,
  ]);
  const rootHash = /^Root hash:\s*([0-9a-f]{64})$/m.exec(stdout)?.[1];
  if (rootHash === undefined) throw new BerthError('UNSUPPORTED', `veritysetup printed no root hash: ${stdout}`);
  const sizeBytes = (await stat(file)).size;
  if (sizeBytes > slotBytes) {
    throw new BerthError('CONFIG_INVALID', `/usr takes ${sizeBytes} bytes, a slot has ${slotBytes}`);
  }
  const top = (await readFile(file)).subarray((dataBlocks + 1) * blockBytes, (dataBlocks + 2) * blockBytes);
  // The initrd finds a slot by this: the tree's top block comes first and hashes to the root hash.
  if (createHash('sha256').update(top).digest('hex') !== rootHash) {
    throw new BerthError('UNSUPPORTED', 'the hash tree does not begin with its top block');
  }
  return { file, sizeBytes, rootHash, dataBlocks };
}
