import { readAtMost } from '../tuf/directory-source.ts';
import type { Source } from '../tuf/source.ts';
import type { Bundle } from './bundle.ts';

/** A repository's files in a bundle. */
export class BundleSource implements Source {
  readonly location: string;
  readonly #bundle: Bundle;
  readonly #folder: string;

  constructor(bundle: Bundle, folder: 'metadata' | 'targets') {
    this.location = `${bundle.path} (${folder})`;
    this.#bundle = bundle;
    this.#folder = folder;
  }

  async read(path: readonly string[], maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const opened = await this.#bundle.open([this.#folder, ...path], signal);
    return opened === undefined ? undefined : readAtMost(opened, maxBytes, signal);
  }
}
