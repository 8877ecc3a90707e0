import type { KernelArguments } from '../boot/kernel-arguments.ts';
import type { Clock } from '../core/clock.ts';
import { hostObjectStores } from '../datasource/objects/host-object-stores.ts';
import type { TaskRunner } from './commands/task-state.ts';
import { HttpContent } from './files/http-content.ts';
import { LinuxKernel } from './linux-kernel.ts';
import type { HostPorts } from './ports.ts';
import { ProgramRunner } from './program-runner.ts';
import { RootedFiles } from './rooted-files.ts';
import { Cryptsetup } from './storage/cryptsetup.ts';
import { LinuxBlockDevices } from './storage/linux-block-devices.ts';

/** Where the Berth image has its own /etc, below the writable one. */
export const imageDefaults = '/usr/share/berth/etc';

/**
 * The machine that this process runs on. @param defaults the image's own /etc; absent on a system that has none.
 * @param own `tasks` runs what a config has the machine run; absent: nothing is run.
 */
export function machinePorts(
  clock: Clock,
  defaults?: string,
  own: { readonly tasks?: TaskRunner; readonly kernelArguments?: KernelArguments } = {},
): HostPorts {
  const commands = new ProgramRunner();
  return {
    files: new RootedFiles('/', defaults === undefined ? {} : { defaults }),
    blockDevices: new LinuxBlockDevices(commands),
    encryption: new Cryptsetup(commands),
    kernel: new LinuxKernel(commands),
    ...own,
    fetcher: new HttpContent(clock, hostObjectStores(clock, Math.random)),
  };
}

/** A system below a directory: its files are set up, what needs a running kernel is left for its boot. */
export function treePorts(root: string): HostPorts {
  const commands = new ProgramRunner();
  return {
    files: new RootedFiles(root),
    blockDevices: new LinuxBlockDevices(commands),
    encryption: new Cryptsetup(commands),
  };
}
