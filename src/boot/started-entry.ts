import { type ArgumentEntry, parseArgumentEntry } from './argument-entry.ts';
import { type BootEntry, parseBootEntry } from './boot-entry.ts';
import { readLoaderVariable } from './efi-variables.ts';

/** What the boot loader started: a release's own entry, or one with kernel arguments. The file's name may be an older one. */
export type StartedEntry =
  | { readonly kind: 'release'; readonly entry: BootEntry }
  | { readonly kind: 'arguments'; readonly entry: ArgumentEntry };

/** Asks the boot loader's variables. @returns undefined when no boot loader was asked. */
export async function startedEntry(): Promise<StartedEntry | undefined> {
  const path = (await readLoaderVariable('LoaderBootCountPath')) ?? (await readLoaderVariable('LoaderEntrySelected'));
  return path === undefined ? undefined : parseStarted(path);
}

/** Takes the last part of a path, or an entry's identifier. Pure. */
export function parseStarted(path: string): StartedEntry | undefined {
  const file = path.slice(path.lastIndexOf('\\') + 1);
  const withArguments = parseArgumentEntry(file);
  if (withArguments !== undefined) return { kind: 'arguments', entry: withArguments };
  const release = parseBootEntry(file);
  return release === undefined ? undefined : { kind: 'release', entry: release };
}
