import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { diskFiles } from '../../../../src/agent/state/state-files.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-state-'));
});

afterEach(async () => rm(directory, { recursive: true }));

test('a copy is as private as what was copied', async () => {
  const [from, to] = [join(directory, 'generations'), join(directory, 'copy')];
  await mkdir(from, { mode: 0o700 });
  await writeFile(join(from, '000001.json'), 'secrets', { mode: 0o600 });
  await diskFiles.make(to);
  await diskFiles.copy(from, join(to, 'generations'));
  await diskFiles.copy(join(directory, 'nothing'), join(to, 'nothing'));
  await diskFiles.flush(to);
  const data = diskFiles.open(to);
  expect([await data.list(), await data.read('generations/000001.json')]).toEqual([
    ['generations/000001.json'],
    'secrets',
  ]);
  const modes = ['.', 'generations', 'generations/000001.json'].map(
    async (name) => (await stat(join(to, name))).mode & 0o777,
  );
  expect(await Promise.all(modes)).toEqual([0o700, 0o700, 0o600]);
});

test('data is read, written and removed by its name', async () => {
  const data = diskFiles.open(directory);
  await data.write('ledger/one.jsonl', 'steps');
  await data.remove('overlay.json');
  expect([await data.read('ledger/one.jsonl'), await data.read('memory.json')]).toEqual(['steps', undefined]);
  await data.remove('ledger/one.jsonl');
  expect(await data.list()).toEqual([]);
});

test('a note is read as it was written; none is none', async () => {
  const path = join(directory, 'state-schema');
  expect(await diskFiles.readNote(path)).toBeUndefined();
  await diskFiles.writeNote(path, { inUse: 3, kept: [2] });
  expect(await diskFiles.readNote(path)).toEqual({ inUse: 3, kept: [2] });
});

test.each([
  '',
  '{',
  '{"version":2,"inUse":1,"kept":[]}',
  '{"version":1,"inUse":0,"kept":[]}',
  '{"version":1,"inUse":1}',
])('which data counts is not guessed when the note says %j', async (text) => {
  const path = join(directory, 'state-schema');
  await writeFile(path, text);
  await expect(diskFiles.readNote(path)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
});
