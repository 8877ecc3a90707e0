import { constants } from 'node:fs';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../command.ts';
import { type Accelerator, machines } from './qemu-arguments.ts';
import type { VmArchitecture } from './vm-spec.ts';

/** What a VM is run with, and why it is not the processor itself. */
export interface AcceleratorChoice {
  readonly accelerator: Accelerator;
  readonly reason: string;
}

/**
 * A boot sector that writes 0x10 to the port of QEMU's `isa-debug-exit` device, which ends QEMU with 0x10 * 2 + 1:
 * mov al, 0x10; out 0xf4, al; hlt; jmp $-1.
 */
export function probeSector(): Uint8Array {
  const sector = new Uint8Array(512);
  sector.set([0xb0, 0x10, 0xe6, 0xf4, 0xf4, 0xeb, 0xfd]);
  sector.set([0x55, 0xaa], 510);
  return sector;
}

const probeExitCode = 0x10 * 2 + 1;
const probeSeconds = 10;

/**
 * KVM where it boots something, else translation: a /dev/kvm that is there may still not work. Looks once in the life of
 * this machine's kernel; `memory` is the file that remembers.
 */
export async function chooseAccelerator(architecture: VmArchitecture, memory: string): Promise<AcceleratorChoice> {
  const own = process.arch === 'x64' ? 'amd64' : process.arch;
  if (own !== architecture) return { accelerator: 'tcg', reason: `this machine is ${own}` };
  const isThere = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!isThere) return { accelerator: 'tcg', reason: '/dev/kvm is missing or not for us' };
  // Only a PC has the device that the probe answers with.
  if (architecture !== 'amd64') return { accelerator: 'kvm', reason: '/dev/kvm is there' };
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const [knownBoot, verdict] = (await readFile(memory, 'utf8').catch(() => '')).trim().split(' ');
  const works = knownBoot === boot ? verdict === 'works' : await boots('kvm');
  if (knownBoot !== boot) await writeFile(memory, `${boot} ${works ? 'works' : 'fails'}\n`);
  return works
    ? { accelerator: 'kvm', reason: 'KVM boots' }
    : { accelerator: 'tcg', reason: '/dev/kvm is there, but nothing boots with it' };
}

/** Whether QEMU brings a PC's firmware and a boot sector to run with it. */
export async function boots(accelerator: Accelerator): Promise<boolean> {
  const work = await mkdtemp(join(tmpdir(), 'berth-probe-'));
  try {
    const disk = join(work, 'sector');
    await writeFile(disk, probeSector());
    const machine = ['-machine', 'q35', '-accel', accelerator, '-m', '64', '-nodefaults', '-display', 'none'];
    const parts = ['-drive', `file=${disk},format=raw`, '-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04'];
    const command = [machines.amd64.program, ...machine, ...parts];
    await runCommand('timeout', ['--signal=KILL', String(probeSeconds), ...command], { accept: [probeExitCode] });
    return true;
  } catch {
    return false;
  } finally {
    await rm(work, { recursive: true });
  }
}
