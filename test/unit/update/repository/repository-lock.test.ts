import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lockName, withRepositoryLock } from '../../../../src/update/repository/repository-lock.ts';

let directory: string;
const options = { command: 'publish', nowMs: Date.parse('2026-05-01T12:00:00Z') };
const lock = async <Result>(work: () => Promise<Result>): Promise<Result> =>
  withRepositoryLock(directory, options, work);
const nothing = async (): Promise<string> => Promise.resolve('done');

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-lock-'));
});

afterEach(async () => rm(directory, { recursive: true }));

/** What this process writes into a lock. */
async function own(): Promise<Record<string, unknown>> {
  const elsewhere = await mkdtemp(join(tmpdir(), 'berth-lock-'));
  const read = async (): Promise<string> => readFile(join(elsewhere, lockName), 'utf8');
  const text = await withRepositoryLock(elsewhere, options, read);
  await rm(elsewhere, { recursive: true });
  return JSON.parse(text) as Record<string, unknown>;
}

/** Leaves a lock as another process would; a string is its content. */
async function leave(lock: object | string, name = lockName): Promise<void> {
  const text = typeof lock === 'string' ? lock : JSON.stringify({ ...(await own()), id: 'theirs', ...lock });
  await writeFile(join(directory, name), text);
}

/** A process that was killed: its pid and when it began. */
async function killed(): Promise<{ pid: number; startTicks: string }> {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const stat = await readFile(`/proc/${child.pid ?? 0}/stat`, 'utf8');
  child.kill('SIGKILL');
  await once(child, 'exit');
  return { pid: child.pid ?? 0, startTicks: stat.split(' ')[21] ?? '' };
}

test('one is at work; another one is told which, and gets its turn later', async () => {
  const { promise: end, resolve } = Promise.withResolvers<string>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<undefined>();
  const first = lock(async () => {
    begin(undefined);
    return end;
  });
  await begun;
  await expect(withRepositoryLock(directory, { ...options, command: 'refresh' }, nothing)).rejects.toMatchObject({
    code: 'BUSY',
    retryable: true,
    message: `another command is at work on ${directory} (pid ${process.pid} on ${hostname()}, "publish", since 2026-05-01T12:00:00.000Z)`,
    hint: 'it can be repeated once that has ended',
    details: { pid: process.pid, command: 'publish' },
  });
  resolve('first');
  expect(await first).toBe('first');
  expect(await lock(nothing)).toBe('done');
  expect(await readdir(directory)).toEqual([]);
});

test('nothing is left after a failure', async () => {
  await expect(lock(async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await readdir(directory)).toEqual([]);
});

test('of many at once, one is at work at any time', async () => {
  await leave(await killed());
  let [working, most, done] = [0, 0, 0];
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, async () =>
      lock(async () => {
        working += 1;
        most = Math.max(most, working);
        await readdir(directory);
        working -= 1;
        done += 1;
      }),
    ),
  );
  const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  expect([most, done + refused.length]).toEqual([1, 20]);
  expect(done).toBeGreaterThan(0);
  for (const error of refused) expect(error).toMatchObject({ code: 'BUSY' });
  expect(await readdir(directory)).toEqual([]);
});

describe('a lock that was left is taken over', () => {
  test('of a process that was killed', async () => {
    await leave(await killed());
    expect(await lock(nothing)).toBe('done');
    expect(await readdir(directory)).toEqual([]);
  });

  test.each<[string, object]>([
    ['whose pid another process has by now', { startTicks: '1' }],
    ['of a process of the boot before', { bootId: 'before' }],
    ['of the boot before, in a container of another life', { bootId: 'before', pidNamespace: 'pid:[1]' }],
  ])('%s', async (_, left) => {
    await leave(left);
    expect(await lock(nothing)).toBe('done');
    expect(await readdir(directory)).toEqual([]);
  });

  test('by the next one, when who took it over was killed while doing so', async () => {
    await leave(await killed());
    await leave(await killed(), `${lockName}.over`);
    expect(await lock(nothing)).toBe('done');
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('a lock is left alone', () => {
  test.each<[string, object, string]>([
    ['of another machine', { host: 'build-1', bootId: 'other', machine: 'other' }, 'build-1'],
    ['of a machine of the same name', { bootId: 'other', machine: 'other' }, hostname()],
    ['of another container', { pidNamespace: 'pid:[1]', startTicks: '1' }, hostname()],
  ])('%s: whether its process runs cannot be seen', async (_, left, host) => {
    await leave(left);
    const path = join(directory, lockName);
    await expect(lock(nothing)).rejects.toMatchObject({
      code: 'BUSY',
      message: expect.stringContaining(` on ${host}, "publish"`),
      hint: `whether it still is cannot be seen from here: when it is not, remove ${path}`,
    });
    expect(await readdir(directory)).toEqual([lockName]);
  });

  test.each([[''], ['{"pid": 1}'], ['terraform']])('that says nothing: %j', async (content) => {
    await leave(content);
    await expect(lock(nothing)).rejects.toMatchObject({
      code: 'BUSY',
      hint: `when none is, remove ${join(directory, lockName)}`,
    });
    expect(await readFile(join(directory, lockName), 'utf8')).toBe(content);
  });

  test('while another process takes over what one left', async () => {
    await leave(await killed());
    await leave({}, `${lockName}.over`);
    await expect(lock(nothing)).rejects.toMatchObject({ code: 'BUSY' });
    expect(await readdir(directory)).toEqual([lockName, `${lockName}.over`]);
  });

  test('by whose process it was taken from meanwhile', async () => {
    await lock(async () => leave({}));
    expect(await readdir(directory)).toEqual([lockName]);
  });
});

test('a directory that takes no file is told as that', async () => {
  await mkdir(join(directory, lockName));
  await expect(lock(nothing)).rejects.toMatchObject({
    code: 'HOST_REFUSED',
    message: expect.stringContaining(`${join(directory, lockName)} cannot be made: `),
  });
  await expect(withRepositoryLock(join(directory, 'none'), options, nothing)).rejects.toMatchObject({
    code: 'HOST_REFUSED',
  });
});
