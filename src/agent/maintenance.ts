import { rm, writeFile } from 'node:fs/promises';

/**
 * A host that has no config: it waits for one. When nobody gave it any, its console offers a shell to do so: there is nothing
 * on such a host to protect. A config that was refused may have been meant to keep people out.
 */
export class Maintenance {
  readonly #path: string;
  #why: string | null = null;

  /** @param path file by which the guard knows that whoever is at the console may give this host a config. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Why the host has no config; null when it has one. */
  get why(): string | null {
    return this.#why;
  }

  async begin(why: string, offersShell: boolean): Promise<void> {
    this.#why = why;
    if (offersShell) await writeFile(this.#path, `${why}\n`);
  }

  /** A config was applied. */
  async end(): Promise<void> {
    this.#why = null;
    await rm(this.#path, { force: true });
  }
}
