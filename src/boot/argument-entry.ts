import { createHash } from 'node:crypto';
import { type BootEntry, splitCounter } from './boot-entry.ts';

/**
 * Kernel arguments of a release, as the boot loader has them: an entry of their own, which starts the release's kernel image with
 * another command line. UAPI.1, Boot Loader Specification, type 1.
 */
export interface ArgumentEntry {
  /** The file's name as it is now. */
  readonly file: string;
  /** Without counter and ending: `berth_1.4.2-arguments-0123456789ab`. */
  readonly name: string;
  /** The name of the release's own entry: `berth_1.4.2`. */
  readonly release: string;
  /** Of the arguments: see {@link digestOf}. */
  readonly digest: string;
  readonly tries?: BootEntry['tries'];
}

/** What is in an entry's file. */
export interface ArgumentText {
  /** The kernel image's file, as it is named now: while a release is on trial, its name has a counter. */
  readonly image: string;
  /** A later one goes before an earlier one of the same release. */
  readonly number: number;
  /** The release's own. */
  readonly own: string;
  /** Those of the config; empty: none. */
  readonly arguments: string;
}

const ending = '.conf';
const mark = '-arguments-';
const digestDigits = 12;

/** How the file of an entry begins; the boot loader passes one over that does not. */
export const entryMagic = Buffer.from('ef');

/** What tells arguments apart, in a file's name. Pure. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digestDigits);
}

/** The name of the entry for a release with arguments. Pure. */
export function argumentEntryName(release: string, text: string): string {
  return `${release}${mark}${digestOf(text)}`;
}

/** Reads a file's name, as {@link parseBootEntry} does: `berth_1.4.2-arguments-0123456789ab+3.conf`. @returns undefined for others. Pure. */
export function parseArgumentEntry(file: string): ArgumentEntry | undefined {
  if (!file.toLowerCase().endsWith(ending)) return undefined;
  const { name, tries } = splitCounter(file.slice(0, -ending.length));
  const of = parseArgumentName(name);
  return of === undefined ? undefined : { file, name, ...of, ...(tries === undefined ? {} : { tries }) };
}

/** Takes the name apart. @returns undefined for the name of a release. Pure. */
export function parseArgumentName(name: string): Pick<ArgumentEntry, 'release' | 'digest'> | undefined {
  const [, release, digest] = /^(berth_.+)-arguments-([0-9a-f]{12})$/i.exec(name) ?? [];
  return release === undefined || digest === undefined ? undefined : { release, digest };
}

/** Its file's name with so many tries, or blessed. Pure. */
export function argumentFile(name: string, tries?: number): string {
  return `${name}${tries === undefined ? '' : `+${tries}`}${ending}`;
}

/**
 * The file of an entry. Its first line names the kernel image, so that without its first two bytes it is none. The version goes
 * before that of the release's own entry, and behind any later release: `^` in UAPI.10, Version Format. Pure.
 */
export function writeArgumentText(version: string, text: ArgumentText): string {
  return [
    `efi /EFI/Linux/${text.image}`,
    `title Berth ${version} with kernel arguments`,
    'sort-key berth',
    `version ${version}^${text.number}`,
    `options ${text.own}`,
    ...(text.arguments === '' ? [] : [`options ${text.arguments}`]),
    '',
  ].join('\n');
}

/** Reads what {@link writeArgumentText} wrote. Pure. */
export function readArgumentText(content: string): ArgumentText {
  const [own = '', text = ''] = [...content.matchAll(/^options (.*)$/gm)].map(([, value]) => value);
  const image = /^efi .*\/(.+)$/m.exec(content)?.[1] ?? '';
  return { image, number: Number(/^version .*\^(\d+)$/m.exec(content)?.[1] ?? 0), own, arguments: text };
}
