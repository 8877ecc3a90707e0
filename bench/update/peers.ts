import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { measured, type Usage } from './measured.ts';

/** The programs that others update with. */
export const peerNames = ['xdelta3', 'zstd', 'casync', 'zchunk'] as const;

export type UpdatePeer = (typeof peerNames)[number];

/** Two releases as files with nothing but the data, and a place to work in. */
export interface FilePair {
  readonly old: string;
  readonly next: string;
  readonly directory: string;
}

/** What an update costs by one way. */
export interface UpdateCost {
  /** To be fetched, index or header included. */
  readonly bytes: number;
  readonly server: Usage;
  /** Absent: the program has no such step without a server of its own. */
  readonly client?: Usage;
}

/** Each peer as its manual says, with the settings that make the fewest bytes in reasonable time. */
export const peers: Readonly<Record<UpdatePeer, (pair: FilePair) => Promise<UpdateCost>>> = {
  async xdelta3({ old, next, directory }) {
    const delta = join(directory, 'delta.vcdiff');
    const window = String((await stat(old)).size);
    const report = join(directory, 'time');
    const server = await measured(['xdelta3', '-e', '-f', '-9', '-B', window, '-s', old, next, delta], report);
    const output = join(directory, 'output');
    const client = await measured(['xdelta3', '-d', '-f', '-B', window, '-s', old, delta, output], report);
    await mustEqual(output, next);
    return { bytes: (await stat(delta)).size, server, client };
  },

  async zstd({ old, next, directory }) {
    const delta = join(directory, 'delta.zst');
    const report = join(directory, 'time');
    const options = ['-q', '-f', '--long=30', `--patch-from=${old}`];
    const server = await measured(['zstd', '-19', ...options, next, '-o', delta], report);
    const output = join(directory, 'output');
    const client = await measured(['zstd', '-d', ...options, delta, '-o', output], report);
    await mustEqual(output, next);
    return { bytes: (await stat(delta)).size, server, client };
  },

  async casync({ old, next, directory }) {
    const report = join(directory, 'time');
    const stores: string[] = [];
    let server: Usage | undefined;
    for (const [name, image] of Object.entries({ old, next })) {
      const store = join(directory, `${name}.castr`);
      await mkdir(store);
      server = await measured(['casync', 'make', `--store=${store}`, join(directory, `${name}.caibx`), image], report);
      stores.push(store);
    }
    if (server === undefined) throw new Error('casync made nothing');
    const [oldChunks, nextChunks] = await Promise.all(stores.map(chunksOf));
    let bytes = (await stat(join(directory, 'next.caibx'))).size;
    for (const [name, size] of nextChunks ?? []) if (oldChunks?.has(name) !== true) bytes += size;
    const output = join(directory, 'output');
    const extract = ['casync', 'extract', `--store=${stores[1] ?? ''}`, `--seed=${old}`];
    await rm(output, { force: true });
    const client = await measured([...extract, join(directory, 'next.caibx'), output], report);
    await mustEqual(output, next);
    return { bytes, server, client };
  },

  async zchunk({ old, next, directory }) {
    const report = join(directory, 'time');
    let server: Usage | undefined;
    for (const [name, image] of Object.entries({ old, next }))
      server = await measured(['zck', '-o', join(directory, `${name}.zck`), image], report);
    if (server === undefined) throw new Error('zchunk made nothing');
    const sizes = ['zck_delta_size', join(directory, 'old.zck'), join(directory, 'next.zck')];
    const { stdout } = await measured(sizes, report);
    const bytes = Number(/Would download (\d+) of/.exec(stdout)?.[1]);
    if (!Number.isInteger(bytes)) throw new Error(`zck_delta_size said: ${stdout}`);
    return { bytes, server };
  },
};

/** Runs one peer in an empty directory. */
export async function peerCost(peer: UpdatePeer, pair: FilePair): Promise<UpdateCost> {
  const directory = join(pair.directory, peer);
  await mkdir(directory);
  try {
    return await peers[peer]({ ...pair, directory });
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function chunksOf(store: string): Promise<Map<string, number>> {
  const chunks = new Map<string, number>();
  for (const entry of await readdir(store, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) chunks.set(entry.name, (await stat(join(entry.parentPath, entry.name))).size);
  return chunks;
}

async function mustEqual(output: string, next: string): Promise<void> {
  await measured(['cmp', output, next], `${output}.cmp`);
  await rm(output);
}
