import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BerthError } from '../core/errors.ts';

/** What the initrd booted. */
export interface BootFacts {
  readonly slot: 'a' | 'b';
  /** Of the slot: `/dev/vda2`. */
  readonly device: string;
  /** sha256, hex: the top of the slot's hash tree. */
  readonly rootHash: string;
}

/** Reads what the initrd left in `/run/berth/boot`. Throws STORE_CORRUPT when it is not what the initrd writes. */
export async function readBootFacts(path: string): Promise<BootFacts> {
  const text = await readFile(path, 'utf8');
  const value = (name: string): string | undefined => new RegExp(`^${name}=(\\S+)$`, 'm').exec(text)?.[1];
  const [slot, device, rootHash] = [value('slot'), value('device'), value('root_hash')];
  if ((slot !== 'a' && slot !== 'b') || device === undefined || rootHash === undefined)
    throw new BerthError('STORE_CORRUPT', `${path} does not say what was booted`);
  return { slot, device, rootHash };
}

/** The device of a partition by its label, on the disk that another partition is on. Throws NOT_FOUND. */
export async function findSibling(device: string, label: string, sys = '/sys'): Promise<string> {
  const disk = dirname(await realpath(join(sys, 'class/block', basename(device))));
  for (const name of await readdir(disk)) {
    const text = await readFile(join(disk, name, 'uevent'), 'utf8').catch(() => '');
    const found = /^DEVNAME=(\S+)$/m.exec(text)?.[1];
    if (found !== undefined && text.split('\n').includes(`PARTNAME=${label}`)) return `/dev/${found}`;
  }
  throw new BerthError('NOT_FOUND', `the disk of ${device} has no partition ${label}`);
}
