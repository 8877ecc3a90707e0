import { join } from 'node:path';
import { type BootFacts, findSibling, readBootFacts } from '../boot/boot-facts.ts';
import { EspMount } from '../boot/esp-mount.ts';
import { EntryArguments } from '../boot/kernel-arguments.ts';
import { SystemdBoot } from '../boot/systemd-boot.ts';
import type { Clock } from '../core/clock.ts';
import { runCommand } from '../engine/run-command.ts';

/** What this host booted, and what it boots next. */
export interface BootEntries {
  readonly facts: BootFacts;
  readonly loader: SystemdBoot;
  readonly kernelArguments: EntryArguments;
}

/** Finds the EFI system partition of the disk that was booted. Throws STORE_CORRUPT, NOT_FOUND. */
export async function openBootEntries(runDirectory: string, clock: Clock, onStaged: () => void): Promise<BootEntries> {
  const facts = await readBootFacts(join(runDirectory, 'boot'));
  const esp = new EspMount({
    device: await findSibling(facts.device, 'berth-esp'),
    directory: join(runDirectory, 'boot-entries'),
    run: async (command, args) => runCommand(command, args),
    clock,
  });
  const marker = join(runDirectory, 'kernel-arguments-staged');
  const kernelArguments = await new EntryArguments({ esp, marker, clock, onStaged }).open();
  return { facts, loader: new SystemdBoot(esp), kernelArguments };
}
