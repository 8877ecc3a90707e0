import { cp, mkdtemp, readdir, readFile, readlink, rm, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MetadataStore } from '../../../../src/update/tuf/metadata-store.ts';
import { Host } from './host.ts';
import { Simulator } from './simulator.ts';

let directory: string;
let store: MetadataStore;
const generation = (text: string) => ({ files: new Map([['root', Buffer.from(text)]]), pastRoots: [], acceptedMs: 1 });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-store-'));
  store = new MetadataStore(directory);
});

afterEach(async () => rm(directory, { recursive: true }));

async function roots(): Promise<string[]> {
  return (await new MetadataStore(directory).load()).map(({ files }) =>
    Buffer.from(files.get('root') ?? []).toString(),
  );
}

test('an empty store has nothing', async () => {
  expect(await store.load()).toEqual([]);
  expect(await new MetadataStore(join(directory, 'not', 'there')).load()).toEqual([]);
});

test('keeps what was saved last, and what was before it', async () => {
  for (const text of ['one', 'two', 'three']) await store.save(generation(text));
  expect(await roots()).toEqual(['three', 'two']);
  expect(await readlink(join(directory, 'current'))).toBe('generation-3');
  expect((await readdir(directory)).sort()).toEqual(['current', 'generation-2', 'generation-3']);
});

test('roles may have any name', async () => {
  const files = new Map(['../a', '/', 'ü', '..', 'index'].map((role) => [role, Buffer.from(role)]));
  const pastRoots = [Buffer.from('first'), Buffer.from('second')];
  await store.save({ files, pastRoots, acceptedMs: 5 });
  expect(await store.load()).toEqual([{ files, pastRoots, acceptedMs: 5 }]);
});

test('what an earlier Berth wrote is read', async () => {
  await store.save(generation('one'));
  const index = join(directory, 'generation-1', 'index');
  const { acceptedMs, files } = JSON.parse(await readFile(index, 'utf8')) as Record<string, unknown>;
  await writeFile(index, JSON.stringify({ acceptedMs, files }));
  expect(await store.load()).toEqual([generation('one')]);
});

test('what cannot be written whole does not pile up', async () => {
  await store.save(generation('one'));
  const tooLong = {
    files: new Map([
      ['root', Buffer.from('two')],
      ['x'.repeat(300), Buffer.of()],
    ]),
    pastRoots: [],
    acceptedMs: 1,
  };
  for (let time = 0; time < 3; time += 1) await expect(store.save(tooLong)).rejects.toThrow('ENAMETOOLONG');
  expect((await readdir(directory)).sort()).toEqual(['current', 'generation-1']);
});

describe('what a crash or a bad disk leaves', () => {
  beforeEach(async () => {
    await store.save(generation('one'));
    await store.save(generation('two'));
  });

  test.each<[string, (path: string) => Promise<unknown>]>([
    ['a torn file', (path) => truncate(join(path, 'root.json'), 1)],
    ['a flipped bit', (path) => writeFile(join(path, 'root.json'), 'twp')],
    ['a missing file', (path) => unlink(join(path, 'root.json'))],
    ['a torn index', (path) => truncate(join(path, 'index'), 10)],
    ['an empty index', (path) => truncate(join(path, 'index'), 0)],
    ['a lost directory', (path) => rm(path, { recursive: true })],
  ])('%s: what was before it is taken', async (_rule, damage) => {
    await damage(join(directory, 'generation-2'));
    expect(await roots()).toEqual(['one']);
    await store.save(generation('three'));
    expect((await roots())[0]).toBe('three');
  });

  test('a generation that was not made current yet is older than the current one', async () => {
    await cp(join(directory, 'generation-1'), join(directory, 'generation-3'), { recursive: true });
    expect((await roots())[0]).toBe('two');
    await store.save(generation('four'));
    expect((await roots())[0]).toBe('four');
  });

  test('a half-written one is in nobody’s way', async () => {
    await cp(join(directory, 'generation-1'), join(directory, 'generation-3'), { recursive: true });
    await rm(join(directory, 'generation-3', 'index'));
    await symlink('generation-3', join(directory, 'current.new'));
    expect(await roots()).toEqual(['two', 'one']);
    await store.save(generation('four'));
    expect(await roots()).toEqual(['four', 'two']);
  });

  test.each(['', '../../etc', 'generation-9'])('a link to %p leads nowhere', async (target) => {
    await unlink(join(directory, 'current'));
    if (target !== '') await symlink(target, join(directory, 'current'));
    expect(await roots()).toEqual(['two', 'one']);
  });
});

describe('a host whose store is damaged', () => {
  let repository: Simulator;
  let host: Host;

  beforeEach(async () => {
    repository = new Simulator();
    host = await Host.open(repository);
    repository.timestamp.version = 5;
    await host.refresh();
    repository.updateTimestamp();
    await host.refresh();
  });

  afterEach(async () => host.close());

  test('goes on from the one before, and still measures by it', async () => {
    const current = await readlink(join(host.directory, 'store', 'current'));
    await truncate(join(host.directory, 'store', current, 'timestamp.json'), 20);
    repository.timestamp.version = 4;
    expect(await host.refresh()).toBe('rollback of timestamp');
    repository.timestamp.version = 7;
    expect(await host.refresh()).toBe('done');
    expect(await host.trusted()).toContain('timestamp 7');
  });

  test('begins with the image’s root when nothing can be read', async () => {
    for (const name of await readdir(join(host.directory, 'store'))) {
      if (name.startsWith('generation')) await writeFile(join(host.directory, 'store', name, 'index'), '{');
    }
    repository.requests.length = 0;
    expect(await host.refresh()).toBe('done');
    expect(repository.requests).toHaveLength(4);
  });

  test('a stored root that is not signed is not believed', async () => {
    const path = join(host.directory, 'store');
    const index = (name: string) => join(path, name, 'index');
    for (const name of (await readdir(path)).filter((entry) => entry.startsWith('generation'))) {
      const document = JSON.parse(await readFile(index(name), 'utf8')) as { files: Record<string, string> };
      document.files = {};
      await writeFile(index(name), JSON.stringify(document));
    }
    expect(await host.refresh()).toBe('done');
    expect(await host.trusted()).toBe('root 1, timestamp 6, snapshot 1, targets 1');
  });

  test('a refresh that changes nothing writes nothing', async () => {
    const before = await readlink(join(host.directory, 'store', 'current'));
    await host.refresh();
    expect(await readlink(join(host.directory, 'store', 'current'))).toBe(before);
  });
});
