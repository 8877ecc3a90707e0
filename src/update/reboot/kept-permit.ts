import { type OsEvent, stillFails } from '../os-status.ts';
import type { PermitMemory } from './permit-memory.ts';

export interface KeptPermitDependencies {
  readonly memory: PermitMemory;
  /** Where the config has permits now. */
  readonly declaredPath: () => string | undefined;
  /** The version that runs. */
  readonly running: string;
  /** What became of releases here, oldest first. */
  readonly events: () => readonly OsEvent[];
  /** For the history. */
  readonly note: (kind: 'permit-kept', version: string, why: string) => Promise<void>;
  readonly onProblem: (why: string) => void;
}

/**
 * Keeps the permit with which the host restarted into a release that failed here: else the next host would follow it, and so on
 * through the fleet.
 */
export class KeptPermit {
  readonly #deps: KeptPermitDependencies;
  #told: string | undefined;

  constructor(deps: KeptPermitDependencies) {
    this.#deps = deps;
  }

  /** Why the permit does not go back, for a person, in one line; undefined: nothing keeps it. */
  get why(): string | undefined {
    return this.#found?.why;
  }

  /** The same, told once: on the console by each run, in the history for each failure. */
  async tell(): Promise<string | undefined> {
    const { events, note, onProblem } = this.#deps;
    const found = this.#found;
    if (found !== undefined && found.why !== this.#told) {
      onProblem(found.why);
      if (lacksNote(events(), found.version)) await note('permit-kept', found.version, found.why);
    }
    this.#told = found?.why;
    return found?.why;
  }

  /** Whether a release still is one for which the permit is kept. */
  counts(version: string): boolean {
    const { running, events } = this.#deps;
    return version !== running && stillFails(events(), version);
  }

  /**
   * These releases keep the permit no longer, or none does; durable when it resolves. The permit is not given back by this.
   * @returns whether that was all that kept it.
   */
  async excuse(versions?: readonly string[]): Promise<boolean> {
    if (!this.#isKept()) return false;
    const { memory } = this.#deps;
    const rest = versions === undefined ? [] : memory.releases.filter((version) => !versions.includes(version));
    if (rest.length < memory.releases.length) await memory.keepReleases(rest);
    return !this.#isKept();
  }

  #isKept(): boolean {
    return this.#found !== undefined;
  }

  get #found(): { readonly version: string; readonly why: string } | undefined {
    const { memory, declaredPath } = this.#deps;
    const { path, releases } = memory;
    // Whoever took it out of the config wants it no more.
    if (path === undefined || path !== declaredPath()) return undefined;
    const version = releases.findLast((one) => this.counts(one));
    if (version === undefined) return undefined;
    const what = `${version} failed here: the permit at ${path} is kept, so that no other host restarts into it`;
    return { version, why: `${what}; berth os cancel gives it back` };
  }
}

/** Whether nobody noted it since a release failed last. Pure. */
function lacksNote(events: readonly OsEvent[], about: string): boolean {
  const last = events.findLast(
    ({ kind, version }) =>
      version === about && (kind === 'permit-kept' || kind === 'rejected' || kind === 'rolled-back'),
  );
  return last?.kind !== 'permit-kept';
}
