import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { noon } from '../../unit/api/fake-agent.ts';
import { releaseBench } from '../../unit/cli/release-bench.ts';

const bench = releaseBench();
const { release } = bench;
const after = (days: number): number => noon + days * 86_400_000;

beforeEach(async () => {
  await bench.makeRepository();
  for (const [version, sequence] of [
    ['1.0.0', 1],
    ['1.1.0', 2],
  ] as const)
    await bench.makeRelease(version, sequence);
  await release('publish www r-1.0.0 --channel edge --key keys');
});

const rootIsOver = 'warning: root expired at 2027-05-01T12:00:00Z: hosts take nothing of this repository\n';
const betaIsOver = 'warning: beta expired at 2026-10-28T12:00:00Z: hosts take nothing of this channel\n';
const renewal =
  '  hint: berth release refresh www --role root --role targets --role beta --role edge --role stable --key KEYS\n';

describe('a command that changes a repository warns of what expires', () => {
  test.each([
    ['refresh www --key keys/online.key', 0],
    ['promote www 1.0.0 --from edge --to edge --urgent --key keys', 0],
    ['pause www 1.0.0 --reason slow --key keys', 0],
    ['rekey www edge --threshold 1 --key keys', 0],
    ['refresh www --role root --key keys/root-1.key', 1],
    ['init www --keys keys', 0],
  ])('%s', async (line, code) => {
    const done = await release(line, after(370));
    expect([done.code, done.stderr]).toEqual([code, expect.stringContaining(rootIsOver)]);
    expect(done.stderr).toContain(betaIsOver);
    expect(done.stderr).toContain('  hint: berth release refresh www --role root --role targets --role beta');
  });

  test('with the command that helps, which does', async () => {
    await release('refresh www --key keys', after(370));
    const { stderr } = await release('refresh www --key keys', after(370));
    expect(stderr).toContain(renewal);
    const line = renewal.slice('  hint: berth release '.length, -1).replace('KEYS', 'keys');
    expect(await release(line, after(370))).toMatchObject({ code: 0, stderr: '' });
    expect(await release('show www', after(370))).toMatchObject({ code: 0, stderr: '' });
  });

  test('before it does, and not too early', async () => {
    const soon =
      'warning: beta expires at 2026-10-28T12:00:00Z: hosts take nothing of this channel from then on\n' +
      'warning: stable expires at 2026-10-28T12:00:00Z: hosts take nothing of this channel from then on\n' +
      '  hint: berth release refresh www --role beta --role stable --key KEYS\n';
    const { code, stderr } = await release('publish www r-1.1.0 --channel edge --key keys', after(151));
    expect([code, stderr]).toEqual([0, soon]);
    expect((await release('refresh www --key keys/online.key', after(149))).stderr).toBe('');
  });

  test('timestamp and snapshot need no role, and are told when they could not be renewed', async () => {
    const { code, stderr } = await release('publish www r-1.1.0 --channel edge --key keys/edge.key', after(6));
    expect(code).toBe(1);
    expect(stderr).toBe(
      'warning: timestamp expires at 2026-05-08T12:00:00Z: hosts take nothing of this repository from then on\n' +
        '  hint: berth release refresh www --key KEYS\n',
    );
  });

  test('as JSON, too', async () => {
    const { stdout } = await release('refresh www --key keys/online.key --json', after(190));
    const { expiringSoon } = JSON.parse(stdout) as { expiringSoon: unknown[] };
    expect(expiringSoon).toHaveLength(3);
    expect(expiringSoon[0]).toEqual({
      role: 'beta',
      expires: '2026-10-28T12:00:00Z',
      expired: true,
      command: 'berth release refresh www --role beta --key KEYS',
    });
    const early = await release('publish www r-1.1.0 --channel edge --key keys --json', after(1));
    expect(JSON.parse(early.stdout)).toMatchObject({ releases: ['1.1.0'], expiringSoon: [] });
  });
});

describe('show', () => {
  test('shows what has not expired beside a channel that has, and which command helps', async () => {
    await release('refresh www --role edge --key keys', after(185));
    const { code, stdout, stderr } = await release('show www --host-id h --version 0.9.0 --arch amd64', after(190));
    expect(code).toBe(1);
    expect(stdout).toContain('edge     1.0.0    1         amd64 cloud  100.0 %\n');
    expect(stdout).toContain('edge: the host is offered 1.0.0');
    expect(stdout).toContain('beta: the host is offered nothing: beta expired at 2026-10-28T12:00:00Z');
    expect(stdout).toMatch(/\nbeta {7}2026-10-28T12:00:00Z \(expired\)\nedge {7}2027-05-01T12:00:00Z\n/);
    expect(stderr).toContain(betaIsOver);
    expect(stderr).toContain('  hint: berth release refresh www --role beta --role stable --key KEYS\n');
    expect(await release('show www --channel edge', after(190))).toMatchObject({ code: 0, stderr: '' });
  });

  test('shows a repository that no host takes', async () => {
    const { code, stdout, stderr } = await release('show www --host-id h --version 0.9.0 --arch amd64', after(370));
    expect(code).toBe(1);
    expect(stdout).toContain('edge     1.0.0    1         amd64 cloud  to nobody: root expired');
    expect(stdout).toContain('edge: the host is offered nothing: root expired at 2027-05-01T12:00:00Z');
    expect(stdout).toMatch(/\nroot {7}2027-05-01T12:00:00Z \(expired\)\n/);
    expect(stderr).toContain(rootIsOver);
  });

  test('says so as JSON', async () => {
    const { code, stdout } = await release('show www --json --host-id h --version 0.9.0 --arch amd64', after(370));
    expect(code).toBe(1);
    const { channels, expiringSoon } = JSON.parse(stdout) as { channels: object[]; expiringSoon: object[] };
    expect(channels[1]).toMatchObject({ feed: { channel: 'edge' }, expired: { role: 'root' } });
    expect(channels[1]).not.toHaveProperty('choice');
    expect(expiringSoon).toHaveLength(7);
  });

  test('of a bundle says that it has to be made anew', async () => {
    await release('bundle www 1.0.0 --channel edge --out b.tar');
    const { code, stdout, stderr } = await release('show b.tar', after(8));
    expect([code, stdout]).toEqual([1, expect.stringContaining('timestamp  2026-05-08T12:00:00Z (expired)')]);
    expect(stderr).toMatch(/hint: berth release refresh REPOSITORY --key KEYS, then "berth release bundle" again\n$/);
  });

  test('still refuses what was tampered with, expired or not', async () => {
    const path = join(bench.directory, 'www', 'metadata', 'timestamp.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"version": 2', '"version": 9'));
    expect((await release('show www', after(370))).stderr).toMatch(/^error: timestamp: /);
  });
});
