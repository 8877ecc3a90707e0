import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Simulator, time } from '../../unit/update/tuf/simulator.ts';

/** The entry point of tuf-conformance (test/conformance), as the suite runs it: a process against a server. */
const client = join(import.meta.dirname, '../../conformance/tuf-client');
const year = 365 * 86_400_000;

let directory: string;
let server: Server;
let repository: Simulator;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-conformance-'));
  repository = new Simulator();
  for (const signed of [repository.root, repository.timestamp, repository.snapshot, repository.targets])
    signed.expires = time(Date.now() + year).replace(/\.\d+/, '');
  repository.roots.length = 0;
  await writeFile(join(directory, 'initial.json'), repository.publishRoot());
  server = createServer((request, response) => {
    const [kind, ...path] = (request.url ?? '').slice(1).split('/').map(decodeURIComponent);
    const source = kind === 'metadata' ? repository.metadata : repository.files;
    const { signal } = new AbortController();
    void source.read(path, Infinity, signal).then((content) => {
      if (content === undefined) response.writeHead(404).end();
      else response.end(content);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  server.close();
  await rm(directory, { recursive: true });
});

/** @returns the exit code. */
async function run(command: string, ...args: readonly string[]): Promise<number> {
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const metadata = ['--metadata-dir', join(directory, 'metadata'), '--metadata-url', `${base}/metadata`];
  const targets = ['--target-dir', join(directory, 'targets'), '--target-base-url', `${base}/targets`];
  const child = execFile(client, [...metadata, ...targets, command, ...args]);
  const [code] = (await once(child, 'close')) as [number];
  return code;
}

test('init asks for nothing; refresh and download leave files that are called by their role', async () => {
  expect(await run('init', join(directory, 'initial.json'))).toBe(0);
  expect(repository.requests).toEqual([]);
  repository.addArtifact('targets', 'a/b.txt', 'content');
  repository.addArtifact('targets', 'second', 'another');
  expect(await run('refresh')).toBe(0);
  expect(repository.requests).toEqual(['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json']);
  const visible = (await readdir(join(directory, 'metadata'))).filter((name) => name.endsWith('.json'));
  expect(visible.sort()).toEqual(['root.json', 'snapshot.json', 'targets.json', 'timestamp.json']);
  expect(await readFile(join(directory, 'metadata', 'root.json'))).toEqual(repository.roots[0]);

  repository.requests.length = 0;
  expect(await run('download', '--target-name', 'a/b.txt', '--target-name', 'second')).toBe(0);
  const files = await readdir(join(directory, 'targets'));
  expect(files.sort()).toEqual(['a%2Fb.txt', 'second']);
  const { mtimeMs } = await stat(join(directory, 'targets', 'second'));
  // What is there already is not fetched again.
  expect(await run('download', '--target-name', 'second')).toBe(0);
  expect((await stat(join(directory, 'targets', 'second'))).mtimeMs).toBe(mtimeMs);
  expect(repository.requests.filter((name) => name.endsWith('.second'))).toHaveLength(1);
});

test('the first failure ends it, with exit code 1', async () => {
  await run('init', join(directory, 'initial.json'));
  repository.addArtifact('targets', 'file', 'content');
  expect(await run('download', '--target-name', 'missing', '--target-name', 'file')).toBe(1);
  expect(await readdir(join(directory, 'targets'))).toEqual([]);
  repository.timestamp.version = 0;
  expect(await run('refresh')).toBe(1);
  expect(await run('no-such-command')).toBe(1);
});

/** As `init` does. */
async function begin(): Promise<void> {
  await mkdir(join(directory, 'metadata'));
  await copyFile(join(directory, 'initial.json'), join(directory, 'metadata', 'root.json'));
}

test('what was downloaded is replaced by what the repository vouches for, and by nothing else', async () => {
  await begin();
  const file = join(directory, 'targets', 'file');
  const publish = (content: string): void => {
    repository.addArtifact('targets', 'file', content);
    repository.targets.version += 1;
    repository.updateSnapshot();
  };
  for (const content of ['first', 'second']) {
    publish(content);
    expect(await run('download', '--target-name', 'file')).toBe(0);
    expect(await readFile(file, 'utf8')).toBe(content);
  }
  publish('third');
  repository.artifacts.set('file', Buffer.from('other'));
  expect(await run('download', '--target-name', 'file')).toBe(1);
  expect(await readFile(file, 'utf8')).toBe('second');
});

test('there is a file for each role that is trusted, and for no other', async () => {
  await begin();
  repository.delegate('targets', { name: 'old' }).expires = repository.targets.expires;
  repository.updateSnapshot();
  expect(await run('download', '--target-name', 'none')).toBe(1);
  const trusted = async (): Promise<string[]> =>
    (await readdir(join(directory, 'metadata'))).filter((name) => name.endsWith('.json')).toSorted();
  expect(await trusted()).toEqual(['old.json', 'root.json', 'snapshot.json', 'targets.json', 'timestamp.json']);
  repository.rotateKeys('snapshot');
  repository.publishRoot();
  delete repository.targets.delegations;
  repository.delegated.clear();
  delete repository.snapshot.meta['old.json'];
  repository.targets.version += 1;
  repository.updateSnapshot();
  expect(await run('refresh')).toBe(0);
  expect(await trusted()).toEqual(['root.json', 'snapshot.json', 'targets.json', 'timestamp.json']);
});

test('on a fresh checkout the launcher is asked first, by one client at a time', async () => {
  const checkout = join(directory, 'checkout');
  const copy = join(checkout, 'test', 'conformance', 'tuf-client');
  await mkdir(join(checkout, 'test', 'conformance'), { recursive: true });
  await copyFile(client, copy);
  // Installs slowly what it says it installs, as often as it finds nothing.
  const launcher = `#!/bin/sh
cd "\${0%/*}" && [ -e node_modules/.berth-installed ] && exit
echo installed >> log
mkdir -p node_modules/.bin && printf '#!/bin/sh\nexit 0\n' > node_modules/.bin/node && chmod +x node_modules/.bin/node
sleep 0.3
touch node_modules/.berth-installed
`;
  await writeFile(join(checkout, 'berth'), launcher, { mode: 0o755 });
  const start = async (): Promise<unknown> => (await once(execFile(copy, ['refresh']), 'close'))[0];
  expect(await Promise.all([start(), start(), start()])).toEqual([0, 0, 0]);
  expect(await start()).toBe(0);
  expect(await readFile(join(checkout, 'log'), 'utf8')).toBe('installed\n');

  await rm(join(checkout, 'node_modules'), { recursive: true });
  await writeFile(join(checkout, 'berth'), '#!/bin/sh\nexit 7\n');
  expect(await start()).toBe(1);
});
