import { access, copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { filesBelow } from '../../support/files-below.ts';
import { releaseBench } from '../../unit/cli/release-bench.ts';
import type { Outcome } from '../../unit/cli/run-cli.ts';

/** What would harm a repository is refused before anything of it is written. */

const bench = releaseBench();
const { release, makeRelease, makeRepository } = bench;
const at = (...path: readonly string[]): string => join(bench.directory, ...path);
const files = async (): Promise<Record<string, string>> => filesBelow(at('www'));

async function makePublished(): Promise<void> {
  await makeRepository();
  await makeRelease('1.0.0', 1);
  await release('publish www r-1.0.0 --channel edge --key keys');
}

describe('a role is no channel', () => {
  beforeEach(async () => {
    await makePublished();
    await makeRelease('1.1.0', 2);
  });

  test.each([
    'publish www r-1.1.0 --channel ROLE --key keys',
    'promote www 1.0.0 --from edge --to ROLE --key keys',
    'promote www 1.0.0 --from ROLE --to edge --key keys',
    'pause www 1.0.0 --channel ROLE --reason slow --key keys',
  ])('%s', async (line) => {
    const before = await files();
    for (const role of ['root', 'targets', 'snapshot', 'timestamp', 'online']) {
      const { code, stderr } = await release(line.replace('ROLE', role));
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining(
          `${role} is a role of the repository, and no channel [USAGE]\n  hint: its channels: beta`,
        ),
      ]);
    }
    expect(await files()).toEqual(before);
    expect((await release('refresh www --key keys')).code).toBe(0);
  });
});

describe('a file of keys that can be called by no channel keeps a repository from being made', () => {
  beforeEach(async () => release('keygen keys'));

  test.each([
    ['snapshot.pub', 'snapshot'],
    ['timestamp-2.pub', 'timestamp'],
    ['Edge_Q.pub', 'Edge_Q'],
    ['blobs.pub', 'blobs'],
    ['.pub', ''],
    [`${'a'.repeat(33)}.pub`, 'a'.repeat(33)],
  ])('%s', async (file, name) => {
    await copyFile(at('keys', 'edge.pub'), at('keys', file));
    const { code, stderr } = await release('init www --keys keys');
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(new RegExp(`keys/${name}\\*\\.pub: "${name}" cannot be the name of a channel`)),
    ]);
    expect(stderr).toContain('at most 32 small letters and digits');
    await expect(access(at('www'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('what hosts would refuse to read is not published', () => {
  beforeEach(async () => {
    await makePublished();
    await release('promote www 1.0.0 --from edge --to stable --key keys');
    await makeRelease('1.1.0', 2);
  });

  const escape = String.fromCharCode(27);
  test.each<[string, string, RegExp]>([
    ['of 501 characters', 'x'.repeat(501), /has 501 characters: hosts would refuse it/],
    ['of two lines', 'slow\nvery', /control character in it \(U\+000A\)/],
    ['that steers terminals', `slow${escape}[31m`, /control character in it \(U\+001B\)/],
    ['that breaks lines in Unicode', 'slow\u2028very', /\(U\+2028\)/],
    ['of spaces', '   ', /the reason says nothing/],
  ])('a reason %s', async (_, reason, why) => {
    const before = await files();
    for (const command of ['pause', 'revoke', 'dead-end']) {
      const { code, stderr } = await bench.run([
        ...['release', command, 'www', '1.0.0', '--key', 'keys', '--reason', reason],
      ]);
      expect([code, stderr]).toEqual([2, expect.stringMatching(why)]);
      expect(stderr).toContain('hint: a reason is one line of at most 500 characters');
    }
    expect(await files()).toEqual(before);
  });

  test('a reason of 500 characters is fine', async () => {
    const args = ['release', 'pause', 'www', '1.0.0', '--key', 'keys', '--reason', 'ü'.repeat(500)];
    expect((await bench.run(args)).code).toBe(0);
    expect((await release('show www')).code).toBe(0);
  });

  const endless = '9'.repeat(400);
  test.each<[string, readonly string[], string]>([
    ['over no time', ['0', '0s', '0d', '0.0ms', `0.${'0'.repeat(400)}1s`], 'longer than no time: all offers'],
    ['over all times', [endless, `0s=1%,${endless}s=100%`], 'It must be all, a length of time like 2d'],
  ])('a rollout %s', async (_, plans, why) => {
    const before = await files();
    for (const plan of plans) {
      for (const line of ['publish www r-1.1.0 --channel edge', 'promote www 1.0.0 --from edge --to beta']) {
        const { code, stderr } = await release(`${line} --rollout ${plan} --key keys`);
        expect([code, stderr]).toEqual([2, expect.stringContaining(why)]);
      }
    }
    expect(await files()).toEqual(before);
  });

  test('what one channel cannot take is said in none', async () => {
    await release('pause www 1.0.0 --channel edge --reason slow --key keys');
    await release('revoke www 1.0.0 --channel stable --reason bad --key keys');
    const before = await files();
    expect((await release('resume www 1.0.0 --key keys')).stderr).toContain('1.0.0 was revoked: bad');
    expect(await files()).toEqual(before);
  });
});

describe('two commands at once', () => {
  beforeEach(async () => {
    await makePublished();
    await makeRelease('1.1.0', 2);
  });

  /** Waits for somebody to put a key card in; meanwhile, another command comes. */
  async function during(command: string, work: () => Promise<void>): Promise<Outcome> {
    const signer = `touch begun; while [ ! -e go ]; do sleep 0.02; done; cat >/dev/null; echo 00`;
    const first = bench.run(['release', ...command.split(' '), '--signer', `cd ${bench.directory}; ${signer}`]);
    while (!(await readdir(bench.directory)).includes('begun')) await sleep(5);
    await work();
    await writeFile(at('go'), '');
    return first;
  }

  test.each([
    ['revoke www 1.0.0 --reason bad --key keys', 'publish www r-1.1.0 --channel edge --key keys/edge.key'],
    ['publish www r-1.1.0 --channel edge --key keys', 'refresh www'],
    ['refresh www --key keys', 'rekey www edge --add keys/beta.pub'],
    ['init www --keys keys', 'refresh www'],
    ['rekey www edge --threshold 1 --key keys', 'pause www 1.0.0 --reason slow'],
    ['sign www --key keys', 'refresh www'],
    ['promote www 1.0.0 --from edge --to beta --key keys', 'refresh www'],
    ['resume www 1.0.0 --key keys', 'refresh www'],
    ['dead-end www 1.0.0 --reason old --key keys', 'refresh www'],
    ['pause www 1.0.0 --reason slow --key keys', 'refresh www'],
  ])('%s is turned away while %s is at work', async (second, first) => {
    await during(first, async () => {
      const { code, stderr } = await release(second);
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/another command is at work on \S+\/www \(pid \d+ on \S+, "\w+", since 2026-.*\[BUSY\]/),
      ]);
      expect(stderr).toContain(`"${first.split(' ')[0] ?? ''}"`);
      const asJson = JSON.parse((await release(`${second} --json`)).stdout) as unknown;
      expect(asJson).toMatchObject({ error: { code: 'BUSY', retryable: true } });
      expect((await release('show www')).code).toBe(0);
      expect((await release('show www --json')).code).toBe(0);
    });
    expect(await readdir(at('www'))).toEqual(['.staged', 'metadata', 'targets']);
    expect((await release('refresh www --key keys')).code).toBe(0);
  });

  test('one that a person stops leaves no lock', async () => {
    const abort = new AbortController();
    const args = ['release', 'refresh', 'www', '--signer', 'sleep 20; true'];
    const stopped = bench.run(args, { signal: abort.signal });
    while (!(await readdir(at('www'))).includes('.lock')) await sleep(5);
    abort.abort();
    expect(await stopped).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"refresh" was stopped [CANCELLED]'),
    });
    expect(await readdir(at('www'))).toEqual(['.staged', 'metadata', 'targets']);
  });

  test('a publication that a person stops publishes nothing', async () => {
    const before = await files();
    const signal = AbortSignal.abort();
    const args = ['release', 'publish', 'www', 'r-1.1.0', '--channel', 'edge', '--key', 'keys'];
    expect(await bench.run(args, { signal })).toMatchObject({ code: 1, stderr: expect.stringContaining('CANCELLED') });
    expect(await files()).toEqual(before);
  });

  test('where no repository is, nothing is written', async () => {
    await mkdir(at('empty'));
    for (const place of ['empty', 'none'])
      expect((await release(`refresh ${place} --key keys`)).stderr).toContain('is no release repository');
    expect(await readdir(at('empty'))).toEqual([]);
    await expect(access(at('none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('init', () => {
  beforeEach(async () => release('keygen keys'));

  test.each([
    ['--threshold 0', 'of root, at least one key has to sign, not 0'],
    ['--threshold 4', 'root has 3 keys and would need 4 signatures'],
    ['--channel-threshold 0', 'at least one key has to sign, not 0'],
    ['--channel-threshold 2', 'has 1 keys and would need 2 signatures'],
  ])('%s is refused, and keeps nothing from being made', async (options, why) => {
    const { code, stderr } = await release(`init www --keys keys ${options}`);
    expect([code, stderr]).toEqual([2, expect.stringContaining(why)]);
    await expect(access(at('www'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await release('init www --keys keys')).code).toBe(0);
  });

  test.each<[string, string, RegExp]>([
    ['keys', '--keys others', /another repository than is asked for: the keys of root are [^]*; the keys of edge are/],
    ['root threshold', '--keys keys --threshold 3', /for: of root, 2 have to sign, not 3 \[USAGE\]/],
    ['channel threshold', '--keys more --channel-threshold 2', /the keys of edge are \w+, not \w+, \w+; of edge, 1 /],
    ['channels', '--keys fewer', /for: its channels are beta, edge, stable, not edge, stable \[USAGE\]/],
  ])('refuses a repository that has other %s', async (_, options, why) => {
    await release('init www --keys keys');
    await release('keygen others');
    await cp(at('keys'), at('fewer'), { recursive: true });
    await rm(at('fewer', 'beta.pub'));
    await cp(at('keys'), at('more'), { recursive: true });
    for (const name of ['beta', 'edge', 'stable'])
      await copyFile(at('others', `${name}.pub`), at('more', `${name}-2.pub`));
    const before = await files();
    const { code, stderr } = await release(`init www ${options}`);
    expect([code, stderr]).toEqual([2, expect.stringMatching(why)]);
    expect(stderr).toContain('"berth release rekey" exchanges keys');
    expect(await files()).toEqual(before);
  });

  test.each(['--threshold 2', '--channel-threshold 1', ''])('finds nothing to do for the same: %s', async (options) => {
    await release('init www --keys keys');
    expect(await release(`init www --keys keys ${options}`.trim())).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('(nothing had to be done)'),
    });
  });

  test('completes what was made with another threshold than the usual one, which it does not say again', async () => {
    await release('init www --keys keys --threshold 3');
    expect((await release('init www --keys keys')).stdout).toContain('(nothing had to be done)');
  });

  describe('of what was begun and never published', () => {
    beforeEach(async () => {
      await cp(at('keys'), at('public'), { recursive: true });
      for (const name of await readdir(at('public'))) if (name.endsWith('.key')) await rm(at('public', name));
    });
    const threshold = async (): Promise<unknown> => {
      const root = JSON.parse(await readFile(at('www', 'metadata', '1.root.json'), 'utf8')) as {
        signed: { roles: { root: { threshold: number } } };
      };
      return root.signed.roles.root.threshold;
    };

    test('makes what is asked for, when it has no signature', async () => {
      await copyFile(at('public', 'beta.pub'), at('public', 'nightly.pub'));
      expect((await release('init www --keys public --threshold 3')).code).toBe(1);
      expect(await release('init www --keys keys --threshold 2')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('beta 1, edge 1, root 1, stable 1, targets 1, snapshot 1, timestamp 1'),
      });
      expect(await threshold()).toBe(2);
      expect((await release('show www')).stdout).not.toContain('nightly');
      expect((await release('refresh www --key keys')).code).toBe(0);
    });

    test('makes it, too, when who signed is at hand to sign again', async () => {
      expect((await release('init www --keys public --threshold 3 --key keys/root-1.key')).code).toBe(1);
      expect((await release('init www --keys keys --threshold 2')).code).toBe(0);
      expect(await threshold()).toBe(2);
    });

    test('says which signatures would be lost, and loses none', async () => {
      expect((await release('init www --keys public --threshold 3 --key keys/root-1.key')).code).toBe(1);
      const before = await files();
      const { code, stderr } = await release('init www --keys public --threshold 2 --key keys/root-2.key');
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(
          /of root, 3 have to sign, not 2\. It was begun, and has signatures [^]*: of root \[USAGE\]/,
        ),
      ]);
      expect(stderr).toMatch(/"berth release sign \S+www" goes on with it; without \S+www\/\.staged, it is begun anew/);
      expect(await files()).toEqual(before);
    });

    test('goes on with it when the same is asked for', async () => {
      expect((await release('init www --keys public --key keys/root-1.key')).code).toBe(1);
      expect((await release('init www --keys keys')).code).toBe(0);
      expect((await release('show www')).code).toBe(0);
    });
  });
});
