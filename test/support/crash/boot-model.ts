import { type BootEntry, parseBootEntry } from '../../../src/boot/boot-entry.ts';
import { bootOrder } from '../../../src/boot/entry-order.ts';

/** A file in EFI/Linux, as far as it can be read. */
export interface EspFile {
  readonly name: string;
  readonly content: Buffer;
}

/** What the boot loader shows: a file that begins like a program. */
export interface ShownEntry extends EspFile {
  /** Its version is the one inside, by which systemd-boot sorts. */
  readonly entry: BootEntry;
}

/** A model of systemd-boot: what it shows of a directory, the one it boots by itself first. Pure. */
export function shownEntries(files: readonly EspFile[], versionOf: (content: Buffer) => string): ShownEntry[] {
  const shown = files.flatMap((file): ShownEntry[] => {
    const entry = parseBootEntry(file.name);
    if (entry === undefined || file.content.toString('latin1', 0, 2) !== 'MZ') return [];
    return [{ ...file, entry: { ...entry, version: versionOf(file.content) } }];
  });
  const order = bootOrder(shown.map(({ entry }) => entry));
  return shown.sort((one, other) => order.indexOf(one.entry) - order.indexOf(other.entry));
}

/** The file's name after the boot loader has counted a try of it. Pure. */
export function afterTry({ file, name, tries }: BootEntry): string {
  if (tries === undefined || tries.left === 0) return file;
  return `${name}+${tries.left - 1}-${tries.done + 1}.efi`;
}
