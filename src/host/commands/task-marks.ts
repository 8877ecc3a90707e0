import { readFile } from 'node:fs/promises';
import { isMissing, writeDurably } from '../../engine/durable-file.ts';
import type { TaskMark } from './task-state.ts';
import type { Frequency } from './tasks.ts';

type Marks = Record<string, TaskMark>;

/** What outlives a boot. */
interface Kept {
  /** Undefined before a datasource had a word for it. */
  readonly instance?: string;
  readonly onInstance: Marks;
  readonly onDisk: Marks;
}

/** Which tasks were begun, in two files: one that outlives the boot, and one that does not. */
export class TaskMarks {
  readonly #keptFile: string;
  readonly #bootFile: string;
  #kept: Kept = { onInstance: {}, onDisk: {} };
  #boot: Marks = {};
  #loading: Promise<void> | undefined;

  constructor(files: { readonly kept: string; readonly boot: string }) {
    this.#keptFile = files.kept;
    this.#bootFile = files.boot;
  }

  /** The instance whose marks these are; undefined before there was one. */
  async instance(): Promise<string | undefined> {
    await this.#load();
    return this.#kept.instance;
  }

  /** From now on this is the machine's instance; on another one than before nothing was run yet. */
  async begin(instance: string): Promise<void> {
    await this.#load();
    if (this.#kept.instance === instance) return;
    // Before the datasource was asked, what was declared last may have run: on the same disk, for no other instance.
    const onInstance = this.#kept.instance === undefined ? this.#kept.onInstance : {};
    this.#kept = { ...this.#kept, instance, onInstance };
    await this.#saveKept();
  }

  async all(): Promise<ReadonlyMap<string, TaskMark>> {
    await this.#load();
    return new Map([
      ...Object.entries(this.#kept.onInstance),
      ...Object.entries(this.#kept.onDisk),
      ...Object.entries(this.#boot),
    ]);
  }

  /** Durable when it resolves. */
  async set(id: string, frequency: Frequency, mark: TaskMark): Promise<void> {
    await this.#load();
    if (frequency === 'boot') {
      this.#boot = { ...this.#boot, [id]: mark };
      await writeDurably(this.#bootFile, `${JSON.stringify(this.#boot)}\n`);
      return;
    }
    const part = frequency === 'once' ? 'onDisk' : 'onInstance';
    this.#kept = { ...this.#kept, [part]: { ...this.#kept[part], [id]: mark } };
    await this.#saveKept();
  }

  async #saveKept(): Promise<void> {
    await writeDurably(this.#keptFile, `${JSON.stringify(this.#kept)}\n`);
  }

  async #load(): Promise<void> {
    this.#loading ??= (async () => {
      const [kept, boot] = await Promise.all([readJson(this.#keptFile), readJson(this.#bootFile)]);
      this.#kept = { ...this.#kept, ...(kept as Partial<Kept> | undefined) };
      this.#boot = { ...(boot as Marks | undefined) };
    })();
    await this.#loading;
  }
}

/** A file that a power cut tore counts as never written: it is replaced as a whole, so there is no other way to it. */
async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
