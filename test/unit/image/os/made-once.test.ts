import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { madeOnce } from '../../../../image/os/made-once.ts';

let cache: string;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'berth-once-'));
});

afterEach(async () => rm(cache, { recursive: true }));

const filled = (text: string) => async (work: string) => writeFile(join(work, 'content'), text);

test('what is there is not made again, also by builds at the same time', async () => {
  const directory = join(cache, 'keymaps', 'one');
  await Promise.all(['a', 'b', 'c'].map(async (text) => madeOnce(directory, filled(text))));
  const made = await readFile(join(directory, 'content'), 'utf8');
  await madeOnce(directory, async () => Promise.reject(new Error('made again')));
  expect(await readFile(join(directory, 'content'), 'utf8')).toBe(made);
  expect(await readdir(join(cache, 'keymaps'))).toEqual(['one']);
});

test('what fails leaves nothing, and is made by the next', async () => {
  const directory = join(cache, 'keymaps', 'one');
  const failing = madeOnce(directory, async (work) => {
    await filled('half')(work);
    throw new Error('the disk is full');
  });
  await expect(failing).rejects.toThrow('the disk is full');
  expect(await readdir(join(cache, 'keymaps'))).toEqual([]);
  await madeOnce(directory, filled('whole'));
  expect(await readFile(join(directory, 'content'), 'utf8')).toBe('whole');
});
