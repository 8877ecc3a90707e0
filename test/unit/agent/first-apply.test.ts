import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FirstApply } from '../../../src/agent/first-apply.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'first-apply-'));
  path = join(directory, 'first-apply.json');
});
afterEach(async () => rm(directory, { recursive: true }));

async function begun(instance: string): Promise<FirstApply> {
  const first = new FirstApply(path);
  expect(first.isDue).toBe(false);
  await first.begin(instance);
  return first;
}

test('it is due once for an instance, and again for another one', async () => {
  const first = await begun('i-1');
  expect(first.isDue).toBe(true);
  await first.note();
  expect(first.isDue).toBe(false);
  expect((await begun('i-1')).isDue).toBe(false);
  expect((await begun('i-2')).isDue).toBe(true);
});

test('a config that was never applied as a whole leaves it due', async () => {
  await begun('i-1');
  expect((await begun('i-1')).isDue).toBe(true);
});

test('nothing is noted before the instance is known', async () => {
  await new FirstApply(path).note();
  await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a record that cannot be read allows nothing to be destroyed', async () => {
  await writeFile(path, '{');
  expect((await begun('i-1')).isDue).toBe(false);
});

test('a host whose state is not kept may have applied something before: nothing is destroyed', async () => {
  const first = new FirstApply(path, false);
  await first.begin('i-1');
  expect(first.isDue).toBe(false);
});
