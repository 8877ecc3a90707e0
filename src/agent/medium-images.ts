import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Medium } from './medium.ts';

export interface MediumImagesDependencies {
  readonly medium: Pick<Medium, 'bundles'>;
  /** Takes a bundle's service images. @returns their names. */
  readonly bring: (bundle: string) => Promise<readonly string[]>;
  readonly say: (line: string) => void;
  readonly clock: Pick<Clock, 'now'>;
  readonly signal: AbortSignal;
}

/** So long an answer holds: a service that lacks its image asks again and again. */
const holdsMs = 15_000;

/** Service images that no archive of this host has, and that a disk with a bundle may bring. */
export class MediumImages {
  readonly #deps: MediumImagesDependencies;
  readonly #told = new Set<string>();
  #last: { readonly atMs: number; readonly problems: Promise<readonly string[]> } | undefined;

  constructor(deps: MediumImagesDependencies) {
    this.#deps = deps;
  }

  /** Takes the images of the newest bundle that has some. @returns what went wrong, a line each; nothing when there is no such disk. */
  async look(): Promise<readonly string[]> {
    const now = this.#deps.clock.now();
    if (this.#last === undefined || Math.abs(now - this.#last.atMs) > holdsMs)
      this.#last = { atMs: now, problems: this.#look() };
    return this.#last.problems;
  }

  async #look(): Promise<readonly string[]> {
    const { medium, bring, say, signal } = this.#deps;
    const problems: string[] = [];
    try {
      for (const bundle of await medium.bundles(signal)) {
        const names = await bring(bundle).catch((error: unknown) => {
          problems.push(`${bundle}: ${messageOf(error)}`);
          return [];
        });
        if (names.length === 0) continue;
        say(`images: ${names.join(', ')} from ${bundle}`);
        break;
      }
    } catch (error) {
      problems.push(messageOf(error));
    }
    for (const problem of problems.filter((one) => !this.#told.has(one))) say(`images: ${problem}`);
    for (const problem of problems) this.#told.add(problem);
    return problems;
  }
}
