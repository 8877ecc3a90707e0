import { readFile, rm, writeFile } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import { BerthError } from '../core/errors.ts';
import { isMissing } from '../engine/durable-file.ts';
import { argumentEntryName, argumentFile, digestOf } from './argument-entry.ts';
import {
  argumentPath,
  listArguments,
  placeArguments,
  type ShownArguments,
  showArguments,
  unseenArguments,
} from './argument-files.ts';
import { failedOf, notesOf, readRelease } from './argument-outcomes.ts';
import { versionOf } from './boot-entry.ts';
import { isSecureBoot } from './efi-variables.ts';
import type { Esp } from './esp.ts';
import { type EspAccess, espRefusal } from './esp-mount.ts';
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
        next: nextOf(entries, running)?.text.arguments ?? '',
        failed: await failedOf(
          esp,
          release,
          entries.filter((entry) => entry !== running),
        ),
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
    for (const path of await notesOf(esp, release)) await esp.remove(path);
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

/** What boots next if this boot goes well: in its last try, its own entry has none left. */
function nextOf(entries: readonly ShownArguments[], running: ShownArguments | undefined): ShownArguments | undefined {
  return entries
    .filter((entry) => entry.tries?.left !== 0 || entry === running)
    .toSorted((one, other) => other.text.number - one.text.number)[0];
}

async function entriesOf(esp: Esp, release: string): Promise<readonly ShownArguments[]> {
  return (await listArguments(esp)).filter((entry) => entry.release === release);
}

/** Whether arguments are among those that failed. Pure. */
export function failureOf(state: KernelArgumentsState & { readonly kind: 'open' }, text: string): string | undefined {
  return state.failed.get(digestOf(text));
}
