import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BerthError } from '../../../../src/core/errors.ts';
import { MetadataStore } from '../../../../src/update/tuf/metadata-store.ts';
import type { TrustedTarget } from '../../../../src/update/tuf/target.ts';
import { TufClient } from '../../../../src/update/tuf/tuf-client.ts';
import { noon, type Simulator } from './simulator.ts';

/** A host with a store of its own that looks at a simulated repository; each call is a new process. */
export class Host {
  readonly directory: string;
  readonly store: MetadataStore;
  now = noon;
  builtMs = 0;
  shippedRoot: Uint8Array;
  readonly #repository: Simulator;

  private constructor(directory: string, repository: Simulator) {
    this.directory = directory;
    this.store = new MetadataStore(join(directory, 'store'));
    this.#repository = repository;
    this.shippedRoot = repository.roots[0] ?? Buffer.alloc(0);
  }

  /** @param directory another host's, whose store this one goes on with; absent: a new one. */
  static async open(repository: Simulator, directory?: string): Promise<Host> {
    return new Host(directory ?? (await mkdtemp(join(tmpdir(), 'berth-tuf-'))), repository);
  }

  async close(): Promise<void> {
    await rm(this.directory, { recursive: true });
  }

  client(): TufClient {
    const { store, shippedRoot, builtMs } = this;
    const { metadata, files: targets } = this.#repository;
    return new TufClient({ metadata, targets, store, shippedRoot, now: () => this.now, builtMs });
  }

  /** `done`, or what was refused about which role: `rollback of timestamp`. */
  async refresh(): Promise<string> {
    return outcome(this.client().refresh(signal));
  }

  /** `CONTENT`, `nobody vouches for it`, or what was refused. */
  async download(path: string): Promise<string> {
    const client = this.client();
    const work = async (): Promise<string> => {
      await client.refresh(signal);
      const target: TrustedTarget | undefined = await client.find(path, signal);
      return target === undefined ? 'nobody vouches for it' : Buffer.from(await client.read(target, signal)).toString();
    };
    const done = await outcome(work());
    return done;
  }

  /** Versions of what is stored, by role: `root 1, timestamp 2`. */
  async trusted(): Promise<string> {
    const [current] = await this.store.load();
    return [...(current?.files ?? [])]
      .map(([role, content]) => {
        const { signed } = JSON.parse(Buffer.from(content).toString()) as { signed: { version: number } };
        return `${role} ${signed.version}`;
      })
      .join(', ');
  }
}

export const { signal } = new AbortController();

async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    const value = await work;
    return typeof value === 'string' ? value : 'done';
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    const { refusal = error.code, role } = error.details as { readonly refusal?: string; readonly role?: string };
    return `${refusal} of ${role ?? ''}`;
  }
}
