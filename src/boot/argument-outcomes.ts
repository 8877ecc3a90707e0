import { BerthError } from '../core/errors.ts';
import { parseArgumentName } from './argument-entry.ts';
import type { ShownArguments } from './argument-files.ts';
import { parseBootEntry } from './boot-entry.ts';
import type { Esp } from './esp.ts';
import { readPeSections } from './pe-sections.ts';

/** Its first sections are in it: image/os/uki.ts. */
const headBytes = 2 ** 18;
/** Where the guard's reasons are: image/os/root/usr/lib/berth/guard. */
const rejectedDirectory = 'EFI/rejected';
const mostReasonBytes = 4096;

/** What the release's kernel image says of itself. Throws NOT_FOUND, CONFIG_INVALID. */
export async function readRelease(
  esp: Esp,
  release: string,
): Promise<{ readonly own: string; readonly image: string; readonly isOnTrial: boolean }> {
  const entry = (await esp.list('EFI/Linux')).map(parseBootEntry).find((one) => one?.name === release);
  if (entry === undefined) throw new BerthError('NOT_FOUND', `the boot loader has no ${release}`);
  const sections = readPeSections(Buffer.from(await esp.head(`EFI/Linux/${entry.file}`, headBytes)));
  const own = sections.find(({ name }) => name === '.cmdline')?.data.toString() ?? '';
  return { own: own.replace(/\0+$/, '').trim(), image: entry.file, isOnTrial: entry.tries !== undefined };
}

/** By their digest, why arguments failed: what the guard noted, and what used up its tries before any guard ran. */
export async function failedOf(
  esp: Esp,
  release: string,
  entries: readonly ShownArguments[],
): Promise<ReadonlyMap<string, string>> {
  const failed = new Map<string, string>();
  for (const { digest, tries: counted } of entries)
    if (counted?.left === 0) failed.set(digest, `the host did not come up in ${counted.done} tries`);
  for (const path of await notesOf(esp, release)) {
    const text = Buffer.from(await esp.head(path, mostReasonBytes)).toString();
    const digest = nameOf(path)?.digest;
    if (digest !== undefined) failed.set(digest, text.trim().replace(/^\S+Z /, ''));
  }
  return failed;
}

/** Paths of the guard's notes on a release's arguments. */
export async function notesOf(esp: Esp, release: string): Promise<readonly string[]> {
  const paths = (await esp.list(rejectedDirectory)).map((file) => `${rejectedDirectory}/${file}`);
  return paths.filter((path) => nameOf(path)?.release === release);
}

function nameOf(path: string): ReturnType<typeof parseArgumentName> {
  return path.endsWith('.txt')
    ? parseArgumentName(path.slice(rejectedDirectory.length + 1, -'.txt'.length))
    : undefined;
}
