import { BerthError } from '../../core/errors.ts';
import type { Command } from '../context.ts';
import { meansLocal } from '../local-flags.ts';

/** `berth down [NAME]`: powers a VM off, or with `--local` ends the instance on this machine. */
export const run: Command = async (cli, args) => {
  if (!meansLocal(cli.flags)) return (await import('./vm.ts')).stop(cli, args);
  if (args.length > 0) throw new BerthError('USAGE', 'a name is a VM’s: it does not go with --local');
  return (await import('./down-local.ts')).run(cli, args);
};
