import { BerthError } from '../core/errors.ts';
import {
  type ArgumentEntry,
  type ArgumentText,
  argumentFile,
  entryMagic,
  parseArgumentEntry,
  readArgumentText,
} from './argument-entry.ts';
import type { Esp } from './esp.ts';
import { beginsWith, takeAway } from './sight.ts';

/** Where the boot loader looks for entries that are texts: UAPI.1, Boot Loader Specification, type 1. */
const directory = 'loader/entries';
/** More than any that Berth writes. */
const mostBytes = 16_384;
const nothing = Buffer.alloc(0);

export interface ShownArguments extends ArgumentEntry {
  readonly text: ArgumentText;
}

/** Entries with kernel arguments that the boot loader sees, the one it would start first. */
export async function listArguments(esp: Esp): Promise<readonly ShownArguments[]> {
  const shown: ShownArguments[] = [];
  for (const entry of await files(esp)) {
    // One that cannot be read is passed over, as the boot loader does: a power cut may have left it, until a repair.
    const content = await esp.head(argumentPath(entry.file), mostBytes).catch(() => nothing);
    if (entryMagic.equals(content.subarray(0, entryMagic.length)))
      shown.push({ ...entry, text: readArgumentText(Buffer.from(content).toString()) });
  }
  const isUsedUp = ({ tries }: ArgumentEntry): number => Number(tries?.left === 0);
  return shown.toSorted((one, other) => isUsedUp(one) - isUsedUp(other) || other.text.number - one.text.number);
}

/** Paths of all files of kernel arguments, whole or half written, of other releases than one. */
export async function argumentsOfOthers(esp: Esp, release: string): Promise<readonly string[]> {
  const others = (await files(esp)).filter((entry) => entry.release !== release).map(({ file }) => file);
  return [...others, ...(await tornNames(esp))].map(argumentPath);
}

/** Paths of files of a release that are none of the boot loader's: a power cut left them. */
export async function halfWritten(esp: Esp, release: string): Promise<readonly string[]> {
  const paths = (await tornNames(esp)).map(argumentPath);
  for (const { file, release: of } of await files(esp))
    if (of === release && !(await beginsWith(esp, argumentPath(file), entryMagic))) paths.push(argumentPath(file));
  return paths;
}

/**
 * They stay, and those of before go. No arguments at all need no entry: the release has its own. Then this one goes last, so that
 * nothing but it is started meanwhile. Throws NOT_FOUND.
 */
export async function blessArguments(esp: Esp, name: string): Promise<void> {
  const entries = await listArguments(esp);
  const entry = entries.find((one) => one.name === name);
  if (entry === undefined) throw new BerthError('NOT_FOUND', `the boot loader has no ${name}`);
  const others = entries.filter(({ file, release }) => release === entry.release && file !== entry.file);
  if (entry.text.arguments !== '' && entry.tries !== undefined)
    await esp.rename(argumentPath(entry.file), argumentPath(argumentFile(name)));
  await takeAway(
    esp,
    others.map(({ file }) => argumentPath(file)),
  );
  if (entry.text.arguments === '') await takeAway(esp, [argumentPath(entry.file)]);
}

export function argumentPath(file: string): string {
  return `${directory}/${file}`;
}

/** Of a name that a power cut left half written, FAT keeps the short one. No entry of the boot loader ends so. */
async function tornNames(esp: Esp): Promise<readonly string[]> {
  return (await esp.list(directory)).filter((file) => /^berth_.*[.]con$/i.test(file));
}

async function files(esp: Esp): Promise<readonly ArgumentEntry[]> {
  return (await esp.list(directory)).flatMap((file) => parseArgumentEntry(file) ?? []);
}
