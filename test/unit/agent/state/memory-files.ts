import type { StateNote } from '../../../../src/agent/state/decide-state.ts';
import type { DataDirectory } from '../../../../src/agent/state/migration.ts';
import type { StateFiles } from '../../../../src/agent/state/state-files.ts';

/** The power went. */
export class PowerCut extends Error {}

/** What becomes of files that were not flushed when the power goes. */
export type Loss = 'kept' | 'torn' | 'lost';

/** Texts by path. */
export type Disk = Map<string, string>;

/**
 * Files in memory whose power goes at one of the operations, counted from 1: that one is done by half, and what was not flushed
 * is lost as it may be. `flushes: false`: flushing does nothing, which a test must notice.
 */
export class MemoryFiles implements StateFiles {
  readonly disk: Disk;
  readonly #cut: { readonly at: number; readonly loss: Loss; readonly flushes: boolean };
  readonly #unflushed = new Set<string>();
  #operations = 0;

  constructor(disk: Disk, cut: { readonly at?: number; readonly loss?: Loss; readonly flushes?: boolean } = {}) {
    this.disk = disk;
    this.#cut = { at: Number.POSITIVE_INFINITY, loss: 'kept', flushes: true, ...cut };
  }

  async readNote(path: string): Promise<StateNote | undefined> {
    const text = this.disk.get(path);
    return Promise.resolve(text === undefined ? undefined : (JSON.parse(text) as StateNote));
  }

  async writeNote(path: string, note: StateNote): Promise<void> {
    await this.#do(() => void this.disk.set(path, JSON.stringify(note)));
    // What it says counts from now on: the power may go here, too.
    await this.#do(() => undefined);
  }

  async names(directory: string): Promise<readonly string[]> {
    const below = this.#below(directory).map((path) => path.slice(directory.length + 1).split('/')[0] ?? '');
    return Promise.resolve([...new Set(below)]);
  }

  /** There are no directories without files. */
  async make(): Promise<void> {
    await this.#do(() => undefined);
  }

  async copy(from: string, to: string): Promise<void> {
    const files = this.#below(from);
    const copy = (some: readonly string[]) => () => {
      for (const file of some) this.#put(to + file.slice(from.length), this.disk.get(file) ?? '');
    };
    await this.#do(copy(files), copy(files.slice(1)));
  }

  async remove(path: string): Promise<void> {
    const files = this.#below(path);
    const remove = (some: readonly string[]) => () => {
      for (const file of some) this.disk.delete(file);
    };
    await this.#do(remove(files), remove(files.slice(1)));
  }

  async flush(): Promise<void> {
    await this.#do(() => {
      if (this.#cut.flushes) this.#unflushed.clear();
    });
  }

  open(directory: string): DataDirectory {
    const path = (name: string): string => `${directory}/${name}`;
    return {
      list: async () => Promise.resolve(this.#below(directory).map((file) => file.slice(directory.length + 1))),
      read: async (name) => Promise.resolve(this.disk.get(path(name))),
      write: async (name, text) =>
        this.#do(
          () => this.#put(path(name), text),
          () => this.#put(path(name), 'half'),
        ),
      remove: async (name) => this.#do(() => void this.disk.delete(path(name))),
    };
  }

  #put(path: string, text: string): void {
    this.disk.set(path, text);
    this.#unflushed.add(path);
  }

  /** A file itself, or those below a directory. */
  #below(path: string): string[] {
    return [...this.disk.keys()].filter((file) => file === path || file.startsWith(`${path}/`)).toSorted();
  }

  async #do(whole: () => void, half: () => void = () => undefined): Promise<void> {
    this.#operations += 1;
    if (this.#operations < this.#cut.at) {
      whole();
      return Promise.resolve();
    }
    half();
    for (const file of this.#cut.loss === 'kept' ? [] : this.#unflushed)
      if (this.#cut.loss === 'lost') this.disk.delete(file);
      else if (this.disk.has(file)) this.disk.set(file, 'torn');
    throw new PowerCut();
  }
}
