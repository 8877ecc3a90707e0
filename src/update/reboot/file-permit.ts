import { readFile, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { BerthError, messageOf } from '../../core/errors.ts';
import { Turns } from '../../core/turns.ts';
import { createWhole, isMissing } from '../../engine/durable-file.ts';
import type { PermitAnswer, RebootPermit } from './permit.ts';

/** What stands in the file, as JSON. */
const holderSchema = z.object({
  /** No other host has it: the machine id. */
  host: z.string().min(1),
  /** For a person. */
  name: z.string(),
  /** ISO time. */
  at: z.string(),
});
type Holder = z.infer<typeof holderSchema>;

export interface FilePermitOptions {
  /** On a file system that the hosts share; only its last part is made. */
  readonly path: string;
  readonly host: string;
  /** For a person; a host may get another one while it runs. */
  readonly name: () => string;
  readonly clock: Pick<Clock, 'now'>;
  /** Where something should be mounted above the file, and is not: a file there would be this host's own. */
  readonly missingMount?: () => Promise<string | undefined>;
}

/**
 * The permit as a file: it is whose name stands in it, and there is one at most. Nobody takes another one's away: when its host
 * is gone for good, an operator removes the file.
 */
export class FilePermit implements RebootPermit {
  readonly #options: FilePermitOptions;
  /** A file system that hangs holds up one of Node's threads, not all of them. */
  readonly #turns = new Turns();

  constructor(options: FilePermitOptions) {
    this.#options = options;
  }

  async acquire(signal: AbortSignal): Promise<PermitAnswer> {
    return this.#inTurn(signal, async () => {
      const holder = (await this.#create()) ?? (await this.#holder());
      if (holder === undefined) return { kind: 'refused', why: 'another host has just given it back' };
      if (holder === 'unreadable') return { kind: 'refused', why: this.#unreadable };
      if (holder.host === this.#options.host) return { kind: 'held' };
      return { kind: 'refused', why: `${holder.name} (${holder.host}) has it since ${holder.at}` };
    });
  }

  async release(signal: AbortSignal): Promise<void> {
    await this.#inTurn(signal, async () => {
      const holder = await this.#holder();
      // It may be this host's, and keeps everybody from restarting all the same.
      if (holder === 'unreadable') throw refused(this.#unreadable);
      // Nobody but this host removes what is its own.
      if (holder?.host === this.#options.host) await unlink(this.#options.path).catch(ignoreMissing);
    });
  }

  /** @returns undefined when there is a file already, whosever it is. */
  async #create(): Promise<Holder | undefined> {
    const { path, host, name, clock } = this.#options;
    const own: Holder = { host, name: name(), at: new Date(clock.now()).toISOString() };
    const text = `${JSON.stringify(own)}\n`;
    // An answer that was lost shows when the file is read.
    return (await createWhole(path, `${path}.${host}`, text, 0o644)) ? own : undefined;
  }

  get #unreadable(): string {
    return `${this.#options.path} does not say whose it is: remove it if it is nobody's`;
  }

  async #holder(): Promise<Holder | 'unreadable' | undefined> {
    try {
      return holderSchema.parse(JSON.parse(await readFile(this.#options.path, 'utf8')));
    } catch (error) {
      if (isMissing(error)) return undefined;
      if (error instanceof SyntaxError || error instanceof z.ZodError) return 'unreadable';
      throw error;
    }
  }

  async #inTurn<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    signal.throwIfAborted();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([this.#turns.take(async () => this.#told(work)), aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #told<Result>(work: () => Promise<Result>): Promise<Result> {
    const unmounted = await this.#options.missingMount?.();
    if (unmounted !== undefined) throw refused(`nothing is mounted on ${unmounted}`);
    try {
      return await work();
    } catch (error) {
      if (error instanceof BerthError) throw error;
      const directory = dirname(this.#options.path);
      const what = isMissing(error)
        ? `there is no directory ${directory}: is what the hosts share mounted there?`
        : messageOf(error);
      throw refused(what, error);
    }
  }
}

function refused(what: string, cause?: unknown): BerthError {
  return new BerthError('HOST_REFUSED', `the permit's file: ${what}`, { cause, retryable: true });
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
