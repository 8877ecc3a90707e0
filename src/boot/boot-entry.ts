/** A unified kernel image in `EFI/Linux`, by its file name. */
export interface BootEntry {
  /** The file's name as it is now. */
  readonly file: string;
  /** Without counter and ending: `berth_1.4.2`. */
  readonly name: string;
  /** After the first `_` of the name; empty when there is none. */
  readonly version: string;
  /** How often the boot loader has tried it, and still will; undefined: it counts no tries, the entry is blessed. */
  readonly tries?: { readonly left: number; readonly done: number };
}

const ending = '.efi';
const product = 'berth';

/**
 * Reads a file name: `NAME+LEFT-DONE.efi`, `NAME+LEFT.efi` or `NAME.efi`. UAPI.1, Boot Loader Specification, "Boot counting".
 * @returns undefined for a file that the boot loader takes for no entry. Pure.
 */
export function parseBootEntry(file: string): BootEntry | undefined {
  if (!file.toLowerCase().endsWith(ending) || file.length === ending.length) return undefined;
  const { name, tries } = splitCounter(file.slice(0, -ending.length));
  return { file, name, version: versionOf(name), ...(tries === undefined ? {} : { tries }) };
}

/** Takes the counter from a file's name without its ending. Pure. */
export function splitCounter(stem: string): Pick<BootEntry, 'name' | 'tries'> {
  const [, name = stem, left, done = '0'] = /^(.+)\+(\d+)(?:-(\d+))?$/.exec(stem) ?? [];
  return { name, ...(left === undefined ? {} : { tries: { left: Number(left), done: Number(done) } }) };
}

/** The version in an entry's name. Pure. */
export function versionOf(name: string): string {
  return name.includes('_') ? name.slice(name.indexOf('_') + 1) : '';
}

/** The file's name once no tries are counted any more. Pure. */
export function blessedFile({ name }: Pick<BootEntry, 'name'>): string {
  return `${name}${ending}`;
}

/** The file's name with so many tries. Pure. */
export function countedFile(name: string, tries: number): string {
  return `${name}+${tries}${ending}`;
}

/** The name, without counter and ending, of a release's entry. Pure. */
export function entryName(version: string): string {
  return `${product}_${version}`;
}

/** Whether an entry is of a release: those that Berth did not make are left alone. Pure. */
export function isRelease(name: string): boolean {
  return name.startsWith(entryName(''));
}

/**
 * Whether it is one of Berth's files; others beside them are their owner's. In any case of letters: of a name that a power cut left
 * half written, FAT keeps the short one, `BERTH_~1.EFI`. Pure.
 */
export function isOurs(file: string): boolean {
  const name = file.toLowerCase();
  return name.startsWith(`${product}_`) && name.endsWith(ending);
}
