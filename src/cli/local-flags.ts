import type { Flags } from './context.ts';

/** Whether a person means the instance on this machine: they say so, or name something that only such an instance has. Pure. */
export function meansLocal({ local, state, run, engine }: Flags): boolean {
  return local === true || state !== undefined || run !== undefined || engine !== undefined;
}
