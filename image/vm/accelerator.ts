import { constants } from 'node:fs';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { runCommand } from '../command.ts';
import { type Accelerator, acceleratorArguments, machines } from './qemu-arguments.ts';
import type { VmArchitecture } from './vm-spec.ts';

/** What a VM is run with, and why. */
export interface AcceleratorChoice {
  readonly accelerator: Accelerator;
  readonly reason: string;
}

export interface AcceleratorQuestion {
  readonly architecture: VmArchitecture;
  /** A kernel to try; without one nothing is tried, and what is remembered counts. */
  readonly kernel: string | undefined;
  /** The file that remembers the answer for as long as this machine's kernel lives. */
  readonly memory: string;
  /** KVM's; `/dev/kvm` if absent. */
  readonly device?: string;
}

const probeSeconds = 20;

/**
 * KVM where it boots a kernel, else translation. A /dev/kvm that is there may still not work: on virtual machines it may run
 * firmware and stop at the kernel.
 */
export async function chooseAccelerator({
  architecture,
  kernel,
  memory,
  device = '/dev/kvm',
}: AcceleratorQuestion): Promise<AcceleratorChoice> {
  const own = process.arch === 'x64' ? 'amd64' : process.arch;
  if (own !== architecture) return { accelerator: 'tcg', reason: `this machine is ${own}` };
  const isThere = await access(device, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!isThere) return { accelerator: 'tcg', reason: `${device} is missing or not for us` };
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const [knownBoot, verdict] = (await readFile(memory, 'utf8').catch(() => '')).trim().split(' ');
  if (kernel === undefined && knownBoot !== boot)
    return { accelerator: 'tcg', reason: 'there is no kernel to try KVM with' };
  const works = knownBoot === boot ? verdict === 'works' : await bootsKernel(architecture, 'kvm', kernel ?? '');
  if (knownBoot !== boot) {
    await mkdir(dirname(memory), { recursive: true });
    await writeFile(memory, `${boot} ${works ? 'works' : 'fails'}\n`);
  }
  return works
    ? { accelerator: 'kvm', reason: 'KVM boots a kernel' }
    : { accelerator: 'tcg', reason: `${device} is there, but no kernel boots with it` };
}

/** Whether a kernel comes as far as to look for its root file system, which it does not find, and resets the machine. */
export async function bootsKernel(
  architecture: VmArchitecture,
  accelerator: Accelerator,
  kernel: string,
): Promise<boolean> {
  const { program, type } = machines[architecture];
  const machine = ['-machine', type, ...acceleratorArguments(architecture, accelerator), '-smp', '2', '-m', '512'];
  const kernelArguments = ['-kernel', kernel, '-append', 'panic=-1 root=/dev/ram0'];
  const command = [program, ...machine, '-nodefaults', '-display', 'none', '-no-reboot', ...kernelArguments];
  return runCommand('timeout', ['--signal=KILL', String(probeSeconds), ...command]).then(
    () => true,
    () => false,
  );
}
