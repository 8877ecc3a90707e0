import { readFile } from 'node:fs/promises';
import { backoffMs } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { isMissing, writeDurably } from '../engine/durable-file.ts';
import type { OsEvent } from '../update/os-status.ts';
import type { Post } from './post-report.ts';
import { isReported, type ReleaseReport } from './release-report.ts';

export interface ReleaseReporterDependencies {
  /** What the server has accepted, kept here. */
  readonly file: string;
  /** All that is remembered of releases, oldest first. */
  readonly events: () => readonly OsEvent[];
  readonly report: (event: OsEvent) => ReleaseReport;
  /** `berth.report.url` as it is declared now. */
  readonly url: () => string | undefined;
  readonly post: Post;
  /** Resolves when there is a network to send by; rejects when aborted. */
  readonly whenOnline: (signal: AbortSignal) => Promise<void>;
  readonly onProblem: (why: string) => void;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
}

/** How often it is looked whether something happened, or a URL was declared: only then anything is sent. */
const lookMs = 2000;
/** A server that failed so often in a row is asked again after an hour only: after so many of the longest pauses. */
const manyFailures = 20;
const manyPauses = 60;
/** Of this form; another one is not understood. */
const version = 1;

interface Stored {
  readonly version: typeof version;
  /** Of the events that the server has: see {@link keyOf}. */
  readonly told: readonly string[];
}

/**
 * Tells a server of each release that failed here, until it has heard of it: once the network is there, again after every failure,
 * over restarts of the agent and of the host. What the history has and the server has not accepted yet is sent; so nothing is lost, and
 * after a power cut something may be told twice. Without a URL, it waits for one.
 */
export class ReleaseReporter {
  readonly #deps: ReleaseReporterDependencies;
  #told: ReadonlySet<string> | undefined;
  #accepted = 0;
  #failures = 0;

  constructor(deps: ReleaseReporterDependencies) {
    this.#deps = deps;
  }

  /** For the metrics. */
  get counts(): { readonly pending: number; readonly accepted: number; readonly failures: number } {
    return { pending: this.#pending().length, accepted: this.#accepted, failures: this.#failures };
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { file, clock, onProblem } = this.#deps;
    try {
      this.#told = await readTold(file);
      while (!signal.aborted) {
        await this.#sendAll(signal).catch((error: unknown) => {
          signal.throwIfAborted();
          onProblem(`berth.report.url: ${messageOf(error)}`);
        });
        await clock.sleep(lookMs, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #sendAll(signal: AbortSignal): Promise<void> {
    for (let failures = 0; ; ) {
      const [event] = this.#pending();
      if (event === undefined || this.#deps.url() === undefined) return;
      await this.#deps.whenOnline(signal);
      // It may be another one by now.
      const url = this.#deps.url();
      if (url === undefined) return;
      const refusal = await this.#deps.post(url, JSON.stringify(this.#deps.report(event)), signal);
      if (refusal === undefined) {
        failures = 0;
        await this.#noteTold(event);
        continue;
      }
      failures += 1;
      this.#failures += 1;
      if (failures === 1) this.#deps.onProblem(`berth.report.url: ${refusal.why}; trying again`);
      await this.#pause(failures, url, signal);
    }
  }

  /** Another URL is tried soon. */
  async #pause(failures: number, url: string, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#deps;
    const rounds = failures < manyFailures ? 1 : manyPauses;
    for (let round = 0; round < rounds && this.#deps.url() === url; round += 1)
      await clock.sleep(backoffMs(failures, random()), signal);
  }

  /** Oldest first. */
  #pending(): readonly OsEvent[] {
    const told = this.#told;
    return told === undefined
      ? []
      : this.#deps.events().filter((event) => isReported(event) && !told.has(keyOf(event)));
  }

  async #noteTold(event: OsEvent): Promise<void> {
    const { file, events } = this.#deps;
    // Those that the history has forgotten need not be remembered here.
    const known = new Set(events().filter(isReported).map(keyOf));
    const told = [...(this.#told ?? []), keyOf(event)].filter((key) => known.has(key));
    this.#told = new Set(told);
    this.#accepted += 1;
    await writeDurably(file, `${JSON.stringify({ version, told } satisfies Stored)}\n`);
  }
}

function keyOf({ at, kind, version: about }: OsEvent): string {
  return `${at} ${kind} ${about}`;
}

/** A torn file, or one of another form, costs a repetition. */
async function readTold(file: string): Promise<ReadonlySet<string>> {
  try {
    const stored = JSON.parse(await readFile(file, 'utf8')) as Stored | { readonly version?: undefined };
    return new Set(stored.version === version ? stored.told : []);
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return new Set();
    throw error;
  }
}
