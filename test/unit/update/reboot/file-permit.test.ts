import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FilePermit } from '../../../../src/update/reboot/file-permit.ts';

let directory: string;
let path: string;
const { signal } = new AbortController();
const clock = { now: () => Date.parse('2026-07-01T12:00:00Z') };
const permitOf = (host: string): FilePermit => new FilePermit({ path, host, name: () => `host-${host}`, clock });
const held = { kind: 'held' };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-permit-'));
  path = join(directory, 'restart.lock');
});

afterEach(async () => rm(directory, { recursive: true }));

test('one host has it; another is told whose it is, since when', async () => {
  expect(await permitOf('a').acquire(signal)).toEqual(held);
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
    host: 'a',
    name: 'host-a',
    at: '2026-07-01T12:00:00.000Z',
  });
  expect(await permitOf('b').acquire(signal)).toEqual({
    kind: 'refused',
    why: 'host-a (a) has it since 2026-07-01T12:00:00.000Z',
  });
  expect(await readdir(directory)).toEqual(['restart.lock']);
});

test('a host that got its name after it was first asked is told by that name', async () => {
  let name = 'berth';
  const permit = new FilePermit({ path, host: 'a', name: () => name, clock });
  name = 'web-1';
  await permit.acquire(signal);
  expect(await permitOf('b').acquire(signal)).toMatchObject({ why: expect.stringMatching(/^web-1 \(a\) has it/) });
});

test('after a restart, its host still has it and gives it back', async () => {
  await permitOf('a').acquire(signal);
  const again = permitOf('a');
  expect(await again.acquire(signal)).toEqual(held);
  await again.release(signal);
  expect(await permitOf('b').acquire(signal)).toEqual(held);
});

test("nobody gives back another one's", async () => {
  await permitOf('a').acquire(signal);
  await permitOf('b').release(signal);
  expect((await permitOf('b').acquire(signal)).kind).toBe('refused');
});

test('below a mount point where nothing is mounted, a permit would be this host’s own: none is made, none is given back', async () => {
  await permitOf('a').acquire(signal);
  const lost = new FilePermit({
    ...{ path, host: 'a', name: () => 'host-a', clock },
    missingMount: async () => Promise.resolve(directory),
  });
  const problem = {
    code: 'HOST_REFUSED',
    message: `the permit's file: nothing is mounted on ${directory}`,
    retryable: true,
  };
  await expect(lost.acquire(signal)).rejects.toMatchObject(problem);
  await expect(lost.release(signal)).rejects.toMatchObject(problem);
  expect(await readdir(directory)).toEqual(['restart.lock']);
});

test('a directory that is not there is told as what it is: the share is not mounted, or nobody made it', async () => {
  path = join(directory, 'fleet', 'restart.lock');
  await expect(permitOf('a').acquire(signal)).rejects.toMatchObject({
    code: 'HOST_REFUSED',
    message: `the permit's file: there is no directory ${join(directory, 'fleet')}: is what the hosts share mounted there?`,
    retryable: true,
  });
  await permitOf('a').release(signal);
});

test('giving back what one does not have is no error', async () => {
  await permitOf('a').release(signal);
});

test.each(['', 'me', '{"host": 1}', '[]'])('a file that says %j is nobody’s to take', async (text) => {
  await writeFile(path, text);
  const answer = await permitOf('a').acquire(signal);
  expect(answer).toEqual({ kind: 'refused', why: `${path} does not say whose it is: remove it if it is nobody's` });
  // It may be this host's own: it must not be forgotten while it keeps everybody from restarting.
  await expect(permitOf('a').release(signal)).rejects.toMatchObject({
    code: 'HOST_REFUSED',
    message: `the permit's file: ${path} does not say whose it is: remove it if it is nobody's`,
    retryable: true,
  });
  expect(await readFile(path, 'utf8')).toBe(text);
});

test('of many who ask at once, one gets it', async () => {
  const hosts = Array.from({ length: 20 }, (_, index) => `h${index}`);
  const answers = await Promise.all(hosts.map(async (host) => permitOf(host).acquire(signal)));
  expect(answers.filter(({ kind }) => kind === 'held')).toHaveLength(1);
  expect(await readdir(directory)).toEqual(['restart.lock']);
});

test('what a crash left of the making of it is in nobody’s way', async () => {
  await writeFile(`${path}.a`, 'half');
  expect(await permitOf('a').acquire(signal)).toEqual(held);
  expect(await readdir(directory)).toEqual(['restart.lock']);
});

test('a share that is not mounted is an error that may pass', async () => {
  path = join(directory, 'share/restart.lock');
  await expect(permitOf('a').acquire(signal)).rejects.toMatchObject({ code: 'HOST_REFUSED', retryable: true });
  await permitOf('a').release(signal);
});

test('an end rejects', async () => {
  await expect(permitOf('a').acquire(AbortSignal.abort(new Error('the end')))).rejects.toThrow('the end');
});
