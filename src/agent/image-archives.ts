import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { HostConfig } from '../config/host-config.ts';
import type { ImageSource } from '../services/executor.ts';
import { normalizeReference } from '../services/names.ts';
import { isMissing } from './durable-file.ts';

interface IndexEntry {
  readonly reference: string;
  readonly archive: string;
}

/** Images this host has as archives (an index file lists them), and the credentials for those it has not. */
export class ImageArchives implements ImageSource {
  readonly #indexPath: string;
  readonly #config: () => HostConfig;

  /** @param config the config whose registries' credentials are used. */
  constructor(indexPath: string, config: () => HostConfig) {
    this.#indexPath = indexPath;
    this.#config = config;
  }

  async archiveOf(reference: string): Promise<NodeJS.ReadableStream | undefined> {
    const entries = await this.#entries();
    const entry = entries.find((one) => normalizeReference(one.reference) === normalizeReference(reference));
    return entry === undefined ? undefined : createReadStream(entry.archive);
  }

  authFor(reference: string): { username: string; password: string; registry: string } | undefined {
    const registry = registryOf(reference);
    const { username, password } = this.#config().connectivity.registries[registry] ?? {};
    return username === undefined || password === undefined ? undefined : { username, password, registry };
  }

  /** Read anew each time: `berth up --local` may have built more since. */
  async #entries(): Promise<readonly IndexEntry[]> {
    try {
      return JSON.parse(await readFile(this.#indexPath, 'utf8')) as IndexEntry[];
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }
}

/** `registry.example:5000/web` → `registry.example:5000`; without a host it is Docker's own. Source: distribution/reference. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const isHost = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost');
  return isHost ? first : 'docker.io';
}
