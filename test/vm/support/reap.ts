import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { closeApi } from '../../../image/vm/ssh.ts';
import { killQemu } from '../../../image/vm/virtual-machine.ts';
import { vmFiles } from '../../../image/vm/vm-files.ts';

const temporary = '/tmp';
const prefix = 'btv-';

/** What the directory of a VM of this process begins with: the rest is chance. */
export function testVmPrefix(): string {
  return join(temporary, `${prefix}${process.pid}-`);
}

/** Ends and removes the VMs of test runs that are gone. */
export async function reapOrphans(): Promise<void> {
  await reap((pid) => !existsSync(`/proc/${pid}`));
}

/** Ends and removes the VMs of this process. */
export async function reapOwned(): Promise<void> {
  await reap((pid) => pid === process.pid);
}

async function reap(isToGo: (pid: number) => boolean): Promise<void> {
  for (const name of await readdir(temporary)) {
    const owner = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || !isToGo(Number(owner))) continue;
    const files = vmFiles(join(temporary, name));
    await closeApi({ files });
    await killQemu(files);
    await rm(files.directory, { recursive: true, force: true });
  }
}
