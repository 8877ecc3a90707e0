import { readFile, rm, writeFile } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import { BerthError } from '../core/errors.ts';
import { isMissing } from '../engine/durable-file.ts';
import { argumentEntryName, argumentFile, digestOf, parseArgumentName } from './argument-entry.ts';
import {
  argumentPath,
  listArguments,
  placeArguments,
  type ShownArguments,
  showArguments,
  unseenArguments,
} from './argument-files.ts';
import { parseBootEntry, versionOf } from './boot-entry.ts';
import { isSecureBoot } from './efi-variables.ts';
import type { Esp } from './esp.ts';
import { type EspAccess, espRefusal } from './esp-mount.ts';
import { readPeSections } from './pe-sections.ts';
import { takeAway } from './sight.ts';
import { type StartedEntry, startedEntry } from './started-entry.ts';

/** Kernel arguments on this host. */
export type KernelArgumentsState =
  /** They cannot be had here. */
  | { readonly kind: 'fixed'; readonly why: string; readonly hint: string }
  | {
      readonly kind: 'open';
      /** Of the release: part of its kernel image. */
      readonly own: string;
      /** What this boot has besides; empty: nothing. */
      readonly current: string;
      /** What the next boot will have. */
      readonly next: string;
      /** The kernel's whole command line. */
      readonly commandLine: string;
      /** Those that were tried with this release, by their digest: why they were taken back. */
      readonly failed: ReadonlyMap<string, string>;
      /** The release has not proved itself: its entry's name may change. */
      readonly isReleaseOnTrial: boolean;
    };

/** Looks at a host's kernel arguments and has other ones tried. */
export interface KernelArguments {
  /** Whether this boot has arguments of a config, or the next one has others. */
  isUsed(): Promise<boolean>;
  /** Changes nothing. Throws HOST_REFUSED, BUSY. */
  look(): Promise<KernelArgumentsState>;
  /** The next boot has these, as often as it is tried; they stay once they are blessed. Durable when it resolves. Throws HOST_REFUSED, BUSY, DISK_FULL. */
  stage(text: string): Promise<void>;
}

export interface EntryArgumentsDependencies {
  readonly esp: EspAccess;
  /** In memory, gone at the next boot: since when arguments wait for it. */
  readonly marker: string;
  readonly clock: Clock;
  /** Something waits for the next boot, or no longer does. */
  readonly onStaged: () => void;
  /** Asks firmware and boot loader. */
  readonly started?: () => Promise<StartedEntry | undefined>;
  readonly isSecureBoot?: () => Promise<boolean>;
  readonly commandLine?: () => Promise<string>;
}

/** As often as a release: UAPI.1, Boot Loader Specification, "Boot counting". */
const tries = 3;
/** Its first sections are in it: image/os/uki.ts. */
const headBytes = 2 ** 18;
const rejectedDirectory = 'EFI/rejected';
const mostReasonBytes = 4096;

/**
 * Kernel arguments by entries of the boot loader's own. New ones are an entry with tries that goes before what this host runs with; the
 * boot loader counts, the guard and the health gate judge, as they do with a release. See docs/image.md, "Kernel arguments".
 */
export class EntryArguments implements KernelArguments {
  readonly #deps: Required<EntryArgumentsDependencies>;
  #stagedAtMs: number | undefined;

  constructor(deps: EntryArgumentsDependencies) {
    this.#deps = {
      started: startedEntry,
      isSecureBoot,
      commandLine: async () => readFile('/proc/cmdline', 'utf8'),
      ...deps,
    };
  }

  /** Takes up what an agent before this one staged in this boot. What an earlier boot staged and this one has not is passed over. */
  async open(): Promise<this> {
    try {
      this.#stagedAtMs = Number(await readFile(this.#deps.marker, 'utf8'));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    return this;
  }

  /** Since when arguments wait for the next boot, in milliseconds since the epoch. */
  get stagedAtMs(): number | undefined {
    return this.#stagedAtMs;
  }

  async isUsed(): Promise<boolean> {
    return this.#stagedAtMs !== undefined || (await this.#deps.started())?.kind === 'arguments';
  }

  async look(): Promise<KernelArgumentsState> {
    const started = await this.#deps.started();
    if (started === undefined)
      return {
        kind: 'fixed',
        why: 'no boot loader started this kernel',
        hint: 'give them where the kernel was given',
      };
    if (await this.#deps.isSecureBoot())
      return {
        kind: 'fixed',
        why: 'with Secure Boot the kernel takes only the arguments that are signed with it',
        hint: 'take them out, or turn Secure Boot off',
      };
    const commandLine = (await this.#deps.commandLine()).trim();
    const release = releaseOf(started);
    return this.#use('ro', async (esp) => {
      const entries = await entriesOf(esp, release);
      const { own, isOnTrial } = await readRelease(esp, release);
      const running =
        started.kind === 'arguments' ? entries.find(({ name }) => name === started.entry.name) : undefined;
      return {
        kind: 'open',
        ...{ own, commandLine, isReleaseOnTrial: isOnTrial },
        current: running?.text.arguments ?? '',
        next: entries.find(({ tries: counted }) => counted?.left !== 0)?.text.arguments ?? '',
        failed: await failedOf(esp, release, entries),
      };
    });
  }

  async stage(text: string): Promise<void> {
    const started = await this.#deps.started();
    if (started === undefined) throw new BerthError('UNSUPPORTED', 'no boot loader started this kernel');
    const release = releaseOf(started);
    const isCurrent = await this.#use('rw', async (esp) => this.#clear(esp, started, release, text));
    await rm(this.#deps.marker, { force: true });
    this.#stagedAtMs = undefined;
    try {
      if (isCurrent) return;
      const atMs = this.#deps.clock.now();
      await writeFile(this.#deps.marker, String(atMs));
      await this.#place(release, text, 'blessed');
      this.#stagedAtMs = atMs;
    } finally {
      this.#deps.onStaged();
    }
  }

  /** Takes away what waits, what failed and what a power cut left. @returns whether this boot has these arguments already. */
  async #clear(esp: Esp, started: StartedEntry, release: string, text: string): Promise<boolean> {
    const entries = await entriesOf(esp, release);
    const running = started.kind === 'arguments' ? entries.find(({ name }) => name === started.entry.name) : undefined;
    const waiting = entries.filter((entry) => entry.tries !== undefined && entry.name !== running?.name);
    const left = await unseenArguments(esp, release);
    await takeAway(esp, [...waiting.map(({ file }) => argumentPath(file)), ...left]);
    // These are other ones than those that failed, or somebody wants these to be tried again.
    for (const file of await notesOf(esp, release)) await esp.remove(`${rejectedDirectory}/${file}`);
    return (running?.text.arguments ?? '') === text;
  }

  /**
   * A release that is tried is tried with the arguments of the one that runs: what it runs may need them. To be called once it is
   * activated. Throws HOST_REFUSED, BUSY, DISK_FULL; then it is tried without them.
   */
  async carry(release: string): Promise<void> {
    const started = await this.#deps.started();
    if (started?.kind !== 'arguments' || (await this.#deps.isSecureBoot())) return;
    const text = await this.#use(
      'ro',
      async (esp) => (await listArguments(esp)).find(({ name }) => name === started.entry.name)?.text.arguments,
    );
    if (text !== undefined && text !== '') await this.#place(release, text, 'on-trial');
  }

  async #place(release: string, text: string, wanted: 'blessed' | 'on-trial'): Promise<void> {
    const file = argumentFile(argumentEntryName(release, text), tries);
    const content = await this.#use('rw', async (esp) => {
      const { own, image, isOnTrial } = await readRelease(esp, release);
      if (isOnTrial !== (wanted === 'on-trial'))
        throw new BerthError('BUSY', 'the release has not proved itself', {
          retryable: true,
          hint: 'berth os status shows what it lacks',
        });
      const number = Math.max(0, ...(await entriesOf(esp, release)).map((entry) => entry.text.number)) + 1;
      return placeArguments(esp, file, versionOf(release), { image, number, own, arguments: text });
    });
    await showArguments({ use: async (mode, work) => this.#use(mode, work) }, file, content);
  }

  async #use<Result>(mode: 'ro' | 'rw', work: (esp: Esp) => Promise<Result>): Promise<Result> {
    try {
      return await this.#deps.esp.use(mode, work);
    } catch (error) {
      throw espRefusal(error);
    }
  }
}

function releaseOf(started: StartedEntry): string {
  return started.kind === 'arguments' ? started.entry.release : started.entry.name;
}

async function entriesOf(esp: Esp, release: string): Promise<readonly ShownArguments[]> {
  return (await listArguments(esp)).filter((entry) => entry.release === release);
}

/** What the release's kernel image says of itself. Throws NOT_FOUND, CONFIG_INVALID. */
async function readRelease(
  esp: Esp,
  release: string,
): Promise<{ readonly own: string; readonly image: string; readonly isOnTrial: boolean }> {
  const entry = (await esp.list('EFI/Linux')).map(parseBootEntry).find((one) => one?.name === release);
  if (entry === undefined) throw new BerthError('NOT_FOUND', `the boot loader has no ${release}`);
  const sections = readPeSections(Buffer.from(await esp.head(`EFI/Linux/${entry.file}`, headBytes)));
  const own = sections.find(({ name }) => name === '.cmdline')?.data.toString() ?? '';
  return { own: own.replace(/\0+$/, '').trim(), image: entry.file, isOnTrial: entry.tries !== undefined };
}

/** What the guard noted, and what used up its tries before any guard ran. */
async function failedOf(
  esp: Esp,
  release: string,
  entries: readonly ShownArguments[],
): Promise<ReadonlyMap<string, string>> {
  const failed = new Map<string, string>();
  for (const { digest, tries: counted } of entries)
    if (counted?.left === 0) failed.set(digest, `the host did not come up in ${counted.done} tries`);
  for (const file of await notesOf(esp, release)) {
    const text = Buffer.from(await esp.head(`${rejectedDirectory}/${file}`, mostReasonBytes)).toString();
    const digest = parseArgumentName(file.slice(0, -'.txt'.length))?.digest;
    if (digest !== undefined) failed.set(digest, text.trim().replace(/^\S+Z /, ''));
  }
  return failed;
}

async function notesOf(esp: Esp, release: string): Promise<readonly string[]> {
  return (await esp.list(rejectedDirectory)).filter(
    (file) => file.endsWith('.txt') && parseArgumentName(file.slice(0, -'.txt'.length))?.release === release,
  );
}

/** Whether arguments are among those that failed. Pure. */
export function failureOf(state: KernelArgumentsState & { readonly kind: 'open' }, text: string): string | undefined {
  return state.failed.get(digestOf(text));
}
