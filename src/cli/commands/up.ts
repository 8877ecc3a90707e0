import type { Command } from '../context.ts';
import { meansLocal } from '../local-flags.ts';

/** `berth up`: a host in a VM, or with `--local` an instance on this machine. */
export const run: Command = async (cli, args) => {
  const { run: up } = meansLocal(cli.flags) ? await import('./up-local.ts') : await import('./up-vm.ts');
  return up(cli, args);
};
