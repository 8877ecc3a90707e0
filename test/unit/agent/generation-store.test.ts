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
    rolledBack: {},
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

test('what went back is kept; the generation is rejected as soon as another one is current', async () => {
  const store = await GenerationStore.open(directory);
  await fill(store, 2);
  await store.updateRolledBack(2, { web: 'unhealthy' });
  expect(store.current()).toMatchObject({ number: 2, rolledBack: { web: 'unhealthy' }, state: 'current' });
  await fill(store, 1);
  for (const opened of [store, await GenerationStore.open(directory)]) {
    expect(opened.list().map(({ state }) => state)).toEqual(['current', 'rejected', 'previous']);
    expect(opened.rolledBack(2)).toEqual({ web: 'unhealthy' });
    expect(opened.rolledBack(9)).toEqual({});
  }
  await store.updateRolledBack(2, {});
  expect(store.list().map(({ state }) => state)).toEqual(['current', 'previous', 'previous']);
});

test('a file from before rollbacks were noted is read as one without', async () => {
  await fill(await GenerationStore.open(directory), 1);
  const path = join(directory, '000001.json');
  await writeFile(path, (await readFile(path, 'utf8')).replace('"rolledBack":{}', '"rejected":false'));
  const store = await GenerationStore.open(directory);
  expect([store.current()?.rolledBack, store.problems]).toEqual([{}, []]);
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

test('the last N are kept, and beyond them the newest of which nothing was rolled back', async () => {
  const store = await GenerationStore.open(directory, 3);
  await fill(store, 5);
  await store.settled();
  expect(await readdir(directory)).toEqual(['000003.json', '000004.json', '000005.json']);
  for (const number of [4, 5]) await store.updateRolledBack(number, { web: 'unhealthy' });
  for (let number = 6; number < 10; number += 1) {
    await fill(store, 1);
    await store.updateRolledBack(number, { web: 'unhealthy' });
  }
  expect(store.list().map(({ number, state }) => [number, state])).toEqual([
    [9, 'current'],
    [8, 'rejected'],
    [7, 'rejected'],
    [3, 'previous'],
  ]);
});

test('the one to return to when the release is taken back is kept, however many were applied under it', async () => {
  const store = await GenerationStore.open(directory, 2);
  await fill(store, 2, '1.0');
  await fill(store, 4, '1.1');
  await store.settled();
  expect(store.list().map(({ number, release }) => [number, release])).toEqual([
    [6, '1.1'],
    [5, '1.1'],
    [2, '1.0'],
  ]);
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
  const error: unknown = await store.updateRolledBack(7, {}).catch((reason: unknown) => reason);
  expect(isBerthError(error, 'NOT_FOUND') && error.hint).toBe('there are 1 to 2: berth generations');
});

async function fill(store: GenerationStore, count: number, release: string | null = null): Promise<void> {
  const first = (store.list()[0]?.number ?? 0) + 1;
  for (let number = first; number < first + count; number += 1) {
    await store.create({
      createdAt: new Date(Date.UTC(2026, 0, number)).toISOString(),
      source: 'web.yaml',
      files: [{ file: 'web.yaml', text: `text ${number}` }],
      changes: [`change ${number}`],
      release,
    });
  }
}
