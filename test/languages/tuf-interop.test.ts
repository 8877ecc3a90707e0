import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ensureFaketime, makeTufRepositories } from './support/python-tuf.ts';

/** The entry point of tuf-conformance against repositories that python-tuf made, served as files. */
const client = join(import.meta.dirname, '../conformance/tuf-client');

let work: string;
let server: Server;
/** Of the client. */
let directory: string;
const requests: string[] = [];

beforeAll(async () => {
  await ensureFaketime();
  work = await mkdtemp(join(tmpdir(), 'berth-interop-'));
  await makeTufRepositories(join(work, 'www'));
  server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    // As a file server that does not decode: names are encoded in the repository, too.
    readFile(join(work, 'www', path)).then(
      (content) => response.end(content),
      () => response.writeHead(404).end(),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
}, 300_000);

afterAll(async () => {
  server.close();
  await rm(work, { recursive: true, force: true });
});

beforeEach(async () => {
  directory = await mkdtemp(join(work, 'client-'));
  await mkdir(join(directory, 'metadata'));
  requests.length = 0;
});

/** @returns the exit code. */
async function run(repository: string, command: string, ...args: readonly string[]): Promise<number> {
  return exitCodeOf(client, [...options(repository), command, ...args]);
}

function options(repository: string): string[] {
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${repository}`;
  return [
    ...['--metadata-dir', join(directory, 'metadata'), '--metadata-url', `${base}/metadata/`],
    ...['--target-dir', join(directory, 'targets'), '--target-base-url', `${base}/targets/`],
  ];
}

async function exitCodeOf(program: string, args: readonly string[]): Promise<number> {
  const [code] = (await once(execFile(program, args), 'close')) as [number];
  return code;
}

async function init(repository: string): Promise<void> {
  expect(await run(repository, 'init', join(work, 'www', repository, 'metadata/1.root.json'))).toBe(0);
  expect(requests).toEqual([]);
}

/** Roles with their versions, as tuf-conformance looks at them. */
async function trusted(): Promise<Record<string, number>> {
  const names = (await readdir(join(directory, 'metadata'))).filter((name) => name.endsWith('.json'));
  const versions = names.map(async (name): Promise<[string, number]> => {
    const content = await readFile(join(directory, 'metadata', name), 'utf8');
    return [name.slice(0, -'.json'.length), (JSON.parse(content) as { signed: { version: number } }).signed.version];
  });
  return Object.fromEntries(await Promise.all(versions));
}

async function downloaded(): Promise<string[]> {
  const names = await readdir(join(directory, 'targets')).catch(() => []);
  return (await Promise.all(names.map(async (name) => readFile(join(directory, 'targets', name), 'utf8')))).toSorted();
}

test.each([
  'ed25519',
  'ecdsa',
  'rsa',
  'rsa-pkcs1v15',
])('%s keys of python-tuf sign every role, and two a root', async (kind) => {
  await init(kind);
  expect(await run(kind, 'download', '--target-name', 'file')).toBe(0);
  expect(await trusted()).toEqual({ root: 2, timestamp: 1, snapshot: 1, targets: 1 });
  expect(await downloaded()).toEqual([kind]);
});

test.each([
  'ed25519',
  'ecdsa',
  'rsa',
  'rsa-pkcs1v15',
])('a plausible signature by another %s key is none', async (kind) => {
  await init(`broken-${kind}`);
  expect(await run(`broken-${kind}`, 'refresh')).toBe(1);
  expect(await trusted()).toEqual({ root: 1 });
  expect(requests).toEqual([`/broken-${kind}/metadata/2.root.json`]);
});

test('unusual fields, names, digests and forms of JSON are what python-tuf signed', async () => {
  await init('everything');
  const paths = ['a/folder/file.txt', 'long', 'q/file', 'h/file', 's/file', 'd/file'];
  const names = paths.flatMap((path) => ['--target-name', path]);
  expect(await run('everything', 'download', ...names)).toBe(0);
  expect(await downloaded()).toEqual([
    ...['in a folder', 'of #', 'of ../delegatedrole', 'of /delegatedrole', 'of ?', 'with SHA-512'],
  ]);
  expect(requests.filter((path) => path.includes('/metadata/')).slice(4)).toEqual([
    ...['/everything/metadata/1.%3F.json', '/everything/metadata/1.%23.json'],
    ...['/everything/metadata/1.%2Fdelegatedrole.json', '/everything/metadata/1...%2Fdelegatedrole.json'],
  ]);
  expect(Object.values(await trusted())).toEqual(Array(8).fill(1));
  for (const role of ['timestamp', 'snapshot', 'targets']) {
    const name = role === 'timestamp' ? 'timestamp.json' : `1.${role}.json`;
    const served = await readFile(join(work, 'www/everything/metadata', name));
    expect(await readFile(join(directory, 'metadata', `${role}.json`))).toEqual(served);
  }
  requests.length = 0;
  expect(await run('everything', 'download', ...names)).toBe(0);
  expect(requests).toEqual(['/everything/metadata/2.root.json', '/everything/metadata/timestamp.json']);
});

test('python-tuf’s bins are found', async () => {
  await init('bins');
  for (const path of ['one', 'two', 'three/four']) expect(await run('bins', 'download', '--target-name', path)).toBe(0);
  expect(await downloaded()).toEqual(['one', 'three/four', 'two']);
  expect(await run('bins', 'download', '--target-name', 'nobody has it')).toBe(1);
});

test('keys of python-tuf’s root that change with each version are followed', async () => {
  await init('rotation');
  expect(await run('rotation', 'refresh')).toBe(0);
  expect(await trusted()).toEqual({ root: 6, timestamp: 2, snapshot: 1, targets: 1 });
});

test('with a clock that faketime moves, metadata expires', async () => {
  await init('short');
  expect(await run('short', 'refresh')).toBe(0);
  const later = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().replace('T', ' ');
  const moved = async (days: number): Promise<number> =>
    exitCodeOf('faketime', [later(days).slice(0, 19), client, ...options('short'), 'refresh']);
  expect(await moved(6)).toBe(0);
  requests.length = 0;
  expect(await moved(8)).toBe(1);
  expect(requests).toEqual(['/short/metadata/2.root.json']);
});
