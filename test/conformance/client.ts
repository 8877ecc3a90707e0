import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../../src/core/errors.ts';
import { HttpSource } from '../../src/update/tuf/http-source.ts';
import { MetadataStore } from '../../src/update/tuf/metadata-store.ts';
import { encodeName } from '../../src/update/tuf/source.ts';
import { isContentOf } from '../../src/update/tuf/target.ts';
import { TufClient } from '../../src/update/tuf/tuf-client.ts';

/**
 * Berth's TUF client as theupdateframework/tuf-conformance runs it (CLIENT-CLI.md there); see README.md here. The suite looks at
 * files that are called by their role, so what the store holds is copied to the metadata directory after each command.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'metadata-dir': { type: 'string', default: '.' },
    'metadata-url': { type: 'string', default: '' },
    'target-name': { type: 'string', multiple: true, default: [] },
    'target-dir': { type: 'string', default: '.' },
    'target-base-url': { type: 'string', default: '' },
  },
});
const directory = values['metadata-dir'];
const store = new MetadataStore(join(directory, '.store'));
const { signal } = new AbortController();

async function init([root = '']: readonly string[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'root.json'), await readFile(root));
}

async function refresh(): Promise<TufClient> {
  const client = new TufClient({
    metadata: new HttpSource(values['metadata-url']),
    targets: new HttpSource(values['target-base-url']),
    store,
    shippedRoot: await readFile(join(directory, 'root.json')),
    now: Date.now,
    builtMs: 0,
  });
  await client.refresh(signal);
  return client;
}

async function download(): Promise<void> {
  const client = await refresh();
  await mkdir(values['target-dir'], { recursive: true });
  for (const name of values['target-name']) {
    const target = await client.find(name, signal);
    if (target === undefined) throw new Error(`nobody vouches for ${name}`);
    const file = join(values['target-dir'], encodeName(name));
    const present = await readFile(file).catch(() => undefined);
    if (present !== undefined && isContentOf(target, present)) continue;
    await writeFile(file, await client.read(target, signal));
  }
}

async function showTrusted(): Promise<void> {
  const [current] = await store.load();
  if (current === undefined) return;
  const shown = new Map([...current.files].map(([role, content]) => [`${encodeName(role)}.json`, content]));
  for (const [name, content] of shown) await writeFile(join(directory, name), content);
  for (const name of await readdir(directory))
    if (name.endsWith('.json') && !shown.has(name)) await rm(join(directory, name));
}

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<unknown>>> = { init, refresh, download };
const [command = '', ...args] = positionals;
try {
  const run = commands[command];
  if (run === undefined) throw new Error(`there is no command ${command}`);
  await run(args);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
} finally {
  await showTrusted();
}
