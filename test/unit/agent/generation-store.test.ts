import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { digestConfig, GenerationStore } from '../../../src/agent/generation-store.ts';
import { isBerthError } from '../../../src/core/errors.ts';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-generations-'));
});

afterEach(async () => rm(directory, { recursive: true }));

test('a new store has no current generation', async () => {
  const store = await GenerationStore.open(directory);
  expect([store.current(), store.list()]).toEqual([undefined, []]);
});

test('the newest generation is current, here and after a restart', async () => {
  await fill(await GenerationStore.open(directory), 3);
  const store = await GenerationStore.open(directory);
  expect(store.current()).toEqual({
    number: 3,
    createdAt: '2026-01-03T00:00:00.000Z',
    source: 'web.yaml',
    configDigest: digestConfig([{ file: 'other-name.yaml', text: 'text 3' }]),
    images: {},
    release: null,
    changes: ['change 3'],
    state: 'current',
  });
  expect(store.list().map(({ number, state }) => [number, state])).toEqual([
    [3, 'current'],
    [2, 'previous'],
    [1, 'previous'],
  ]);
  expect(store.files(1)).toEqual([{ file: 'web.yaml', text: 'text 1' }]);
});

test('only root may read the texts: they have secrets in them', async () => {
  await fill(await GenerationStore.open(join(directory, 'new')), 1);
  expect((await stat(join(directory, 'new'))).mode & 0o777).toBe(0o700);
  expect((await stat(join(directory, 'new', '000001.json'))).mode & 0o777).toBe(0o600);
});

test('a rejected generation gives way to the one before, for good', async () => {
  const store = await GenerationStore.open(directory);
  await fill(store, 3);
  await store.markRejected(3);
  for (const opened of [store, await GenerationStore.open(directory)]) {
    expect(opened.list().map(({ state }) => state)).toEqual(['rejected', 'current', 'previous']);
  }
  await fill(store, 1);
  expect(store.current()?.number).toBe(4);
});

test('images are filled in as services come up; the same again writes nothing', async () => {
  const store = await GenerationStore.open(directory);
  await fill(store, 1);
  await Promise.all([store.updateImages(1, { web: 'sha256:a' }), store.updateImages(1, { db: 'sha256:b' })]);
  const before = await stat(join(directory, '000001.json'), { bigint: true });
  await store.updateImages(1, { web: 'sha256:a' });
  expect((await stat(join(directory, '000001.json'), { bigint: true })).ino).toBe(before.ino);
  expect((await GenerationStore.open(directory)).current()?.images).toEqual({ web: 'sha256:a', db: 'sha256:b' });
});

test('the last N are kept, and the current one beyond them', async () => {
  const store = await GenerationStore.open(directory, 3);
  await fill(store, 5);
  expect(await readdir(directory)).toEqual(['000003.json', '000004.json', '000005.json']);
  await store.markRejected(5);
  await store.markRejected(4);
  for (let round = 0; round < 4; round += 1) {
    await fill(store, 1);
    await store.markRejected(store.list()[0]?.number ?? 0);
  }
  expect(store.current()?.number).toBe(3);
  expect(store.list().map(({ number }) => number)).toEqual([9, 8, 7, 3]);
});

test.each([
  ['cut short', (text: string) => text.slice(0, text.length / 2)],
  ['empty', () => ''],
  ['another one’s content', (text: string) => text.replace('"number":3', '"number":2')],
  ['a changed config', (text: string) => text.replace('text 3', 'text x')],
  ['not an object', () => 'null'],
])('a file that is damaged (%s) is set aside, and the last good one is current', async (_rule, damage) => {
  await fill(await GenerationStore.open(directory), 3);
  const path = join(directory, '000003.json');
  await writeFile(path, damage(await readFile(path, 'utf8')));
  const store = await GenerationStore.open(directory);
  expect(store.current()?.number).toBe(2);
  expect(store.problems).toEqual([expect.stringContaining('set aside as 000003.json.corrupt')]);
  await fill(store, 1);
  expect(await readdir(directory)).toEqual(['000001.json', '000002.json', '000003.json.corrupt', '000004.json']);
});

test('a file that was being written in a crash does not count', async () => {
  await fill(await GenerationStore.open(directory), 1);
  await writeFile(join(directory, '000001.json.new'), '{"number":');
  const store = await GenerationStore.open(directory);
  expect([store.current()?.number, store.problems]).toEqual([1, []]);
  await store.updateImages(1, { web: 'sha256:a' });
  expect(await readdir(directory)).toEqual(['000001.json']);
});

test('a generation that is not there is NOT_FOUND and says which there are', async () => {
  const store = await GenerationStore.open(directory);
  await fill(store, 2);
  const error: unknown = await store.markRejected(7).catch((reason: unknown) => reason);
  expect(isBerthError(error, 'NOT_FOUND') && error.hint).toBe('there are 1 to 2: berth generations');
});

async function fill(store: GenerationStore, count: number): Promise<void> {
  const first = (store.list()[0]?.number ?? 0) + 1;
  for (let number = first; number < first + count; number += 1) {
    await store.create({
      createdAt: new Date(Date.UTC(2026, 0, number)).toISOString(),
      source: 'web.yaml',
      files: [{ file: 'web.yaml', text: `text ${number}` }],
      changes: [`change ${number}`],
    });
  }
}
