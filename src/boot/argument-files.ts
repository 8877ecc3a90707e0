import { BerthError } from '../core/errors.ts';
import {
  type ArgumentEntry,
  type ArgumentText,
  argumentFile,
  entryMagic,
  parseArgumentEntry,
  readArgumentText,
  writeArgumentText,
} from './argument-entry.ts';
import { blessedFile, versionOf } from './boot-entry.ts';
import type { Esp } from './esp.ts';
import type { EspAccess } from './esp-mount.ts';
import { magicBytes, takeAway } from './sight.ts';

/** Where the boot loader looks for entries that are texts: UAPI.1, Boot Loader Specification, type 1. */
const directory = 'loader/entries';
/** More than any that Berth writes. */
const mostBytes = 16_384;
const nothing = Buffer.alloc(0);

export interface ShownArguments extends ArgumentEntry {
  readonly text: ArgumentText;
}

/** Entries with kernel arguments whose kernel image is there, which the boot loader sees, too; the one it would start first. */
export async function listArguments(esp: Esp): Promise<readonly ShownArguments[]> {
  const shown: ShownArguments[] = [];
  const images = new Set(await esp.list('EFI/Linux'));
  for (const entry of await files(esp)) {
    // One that cannot be read is passed over, as the boot loader does: a power cut may have left it, until a repair.
    const content = await esp.head(argumentPath(entry.file), mostBytes).catch(() => nothing);
    const text = readArgumentText(Buffer.from(content).toString());
    if (entryMagic.equals(content.subarray(0, entryMagic.length)) && images.has(text.image))
      shown.push({ ...entry, text });
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
export async function unseenArguments(esp: Esp, release: string): Promise<readonly string[]> {
  const seen = new Set((await listArguments(esp)).map(({ file }) => file));
  const unseen = (await files(esp)).filter((one) => one.release === release && !seen.has(one.file));
  return [...unseen.map(({ file }) => file), ...(await tornNames(esp))].map(argumentPath);
}

/**
 * They stay, and those of before go. No arguments at all need no entry: the release has its own. Then this one goes last, so that
 * nothing but it is started meanwhile. Throws NOT_FOUND.
 * @param bless takes the counter from the name of the release's kernel image, which is on trial with them.
 */
export async function blessArguments(esp: Esp, name: string, bless?: () => Promise<unknown>): Promise<void> {
  const entries = await listArguments(esp);
  const entry = entries.find((one) => one.name === name);
  if (entry === undefined) throw new BerthError('NOT_FOUND', `the boot loader has no ${name}`);
  const file = argumentFile(name);
  if (bless !== undefined) {
    // No entry until the kernel image has the name that it names; then the other is none.
    const text = { ...entry.text, image: blessedFile({ name: entry.release }), number: entry.text.number + 1 };
    await esp.write(argumentPath(file), [Buffer.from(writeArgumentText(versionOf(entry.release), text))]);
    await bless();
  } else if (entry.text.arguments !== '' && entry.tries !== undefined)
    await esp.rename(argumentPath(entry.file), argumentPath(file));
  const others = (await files(esp)).filter((one) => one.release === entry.release && one.file !== file);
  const last = others.filter((one) => one.file === entry.file);
  const first = others.filter((one) => one.file !== entry.file);
  await takeAway(
    esp,
    first.map((one) => argumentPath(one.file)),
  );
  await takeAway(
    esp,
    last.map((one) => argumentPath(one.file)),
  );
}

/** Writes an entry out of the boot loader's sight. @returns what it will be once it is shown. Throws what {@link Esp} throws. */
export async function placeArguments(esp: Esp, file: string, version: string, text: ArgumentText): Promise<Buffer> {
  const content = Buffer.from(writeArgumentText(version, text));
  await esp.write(argumentPath(file), [Buffer.concat([Buffer.alloc(magicBytes), content.subarray(magicBytes)])]);
  return content;
}

/** Shows what {@link placeArguments} wrote, when the disk gives it back. Throws HOST_REFUSED. */
export async function showArguments(esp: EspAccess, file: string, content: Buffer): Promise<void> {
  // Mounted anew: what is read now comes from the disk.
  await esp.use('ro', async (mounted) => {
    const read = Buffer.from(await mounted.head(argumentPath(file), content.length + 1));
    if (!content.subarray(magicBytes).equals(read.subarray(magicBytes)))
      throw new BerthError('HOST_REFUSED', `the EFI system partition does not give back what was written to ${file}`);
  });
  await esp.use('rw', async (mounted) => mounted.patch(argumentPath(file), entryMagic));
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
