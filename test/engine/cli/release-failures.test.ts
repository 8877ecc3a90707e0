import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { CliContext } from '../../../src/cli/context.ts';
import { reportFailure } from '../../../src/cli/failure.ts';
import { BerthError } from '../../../src/core/errors.ts';
import { releaseBench } from '../../unit/cli/release-bench.ts';

const bench = releaseBench();
const { release, makeRelease, makeRepository } = bench;

/** A command line, with the place that its failure names: below the bench's directory. */
type Row = readonly [line: string, place: string, why: string, code: string];

describe('a place that cannot be written is told, with what to do', () => {
  beforeEach(async () => {
    await makeRepository();
    await makeRelease('1.0.0', 1);
    await release('publish www r-1.0.0 --channel edge --key keys');
    await release('refresh www --role root --key keys/online.key');
    await writeFile(join(bench.directory, 'afile'), '');
    await mkdir(join(bench.directory, 'afolder'));
  });

  test.each<Row>([
    ['keygen afile', 'afile', 'is there already, and is something else', 'HOST_REFUSED'],
    ['keygen afile/keys', 'afile/keys', 'is no folder, or lies below what is none', 'HOST_REFUSED'],
    ['refresh www --key afile/x.key', 'afile/x.key', 'is no folder, or lies below what is none', 'HOST_REFUSED'],
    ['sign www --export nodir/x.json', 'nodir', 'is not there', 'NOT_FOUND'],
    ['sign www --export nodir/deep/x.json', 'nodir', 'is not there', 'NOT_FOUND'],
    ['sign www --export afolder', 'afolder', 'is a folder', 'HOST_REFUSED'],
    ['bundle www 1.0.0 --channel edge --out nodir/x.tar', 'nodir', 'is not there', 'NOT_FOUND'],
    ['bundle www 1.0.0 --channel edge --out afolder', 'afolder', 'is a folder', 'HOST_REFUSED'],
  ])('%s', async (line, place, why, code) => {
    const before = (await readdir(bench.directory)).sort();
    const outcome = await release(line);
    expect([outcome.code, outcome.stderr]).toEqual([1, expect.stringContaining(`/${place} ${why} [${code}]`)]);
    expect(outcome.stderr).toMatch(/\n {2}hint: (?!this is a bug)/);
    expect((await readdir(bench.directory)).sort()).toEqual(before);
    const { stdout } = await release(`${line} --json`);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code, hint: expect.stringMatching(/./) } });
  });
});

test('what Node calls missing because it could not be made there is told as what it is', () => {
  const written: string[] = [];
  const output = { write: (text: string | Uint8Array) => void written.push(String(text)) };
  const context = { stdout: output, env: {}, signal: new AbortController().signal } as unknown as CliContext;
  // Not even root may write there.
  const facts = { code: 'ENOENT', syscall: 'mkdir', path: '/proc/sys/kernel/ostype/keys' };
  reportFailure(Object.assign(new Error('what Node says'), facts), context, { json: true });
  expect(JSON.parse(written.join(''))).toMatchObject({
    error: { code: 'HOST_REFUSED', message: '/proc/sys/kernel/ostype/keys may not be used: permission denied' },
  });
});

describe('what a repository refuses is no wrong usage', () => {
  beforeEach(async () => {
    await makeRepository();
    await makeRelease('1.1.0', 5);
    await release('publish www r-1.1.0 --channel edge --key keys');
  });

  test.each([
    ['another release of that version', '1.1.0', 6, 'publish www r-1.1.0 --channel edge', 'has another release 1.1.0'],
    ['a lower sequence', '1.2.0', 4, 'publish www r-1.2.0 --channel edge', 'has sequence 4, edge is at 5'],
    ['an older version', '1.0.0', 7, 'publish www r-1.0.0 --channel edge', 'is not newer than 1.1.0'],
  ])('%s', async (_, version, sequence, line, why) => {
    await rm(join(bench.directory, `r-${version}`), { recursive: true, force: true });
    await makeRelease(version, sequence);
    const { code, stderr } = await release(`${line} --key keys`);
    expect([code, stderr]).toEqual([1, expect.stringContaining(why)]);
    expect(stderr).toContain('[RELEASE_REFUSED]');
  });

  test.each<[string, string, string]>([
    ['paused', 'pause', 'promote www 1.1.0 --from edge --to stable'],
    ['revoked', 'revoke', 'resume www 1.1.0'],
    ['paused', 'pause', 'bundle www 1.1.0 --channel edge --out b.tar'],
  ])('a release that is %s: after %s, %s', async (_, mark, line) => {
    await release(`${mark} www 1.1.0 --reason slow --key keys`);
    const { code, stderr } = await release(`${line} --key keys`);
    expect([code, stderr]).toEqual([1, expect.stringContaining('slow [RELEASE_REFUSED]')]);
  });
});

describe('Ctrl-C is no failure of Berth', () => {
  beforeEach(makeRepository);

  const ended = async (line: string, options: readonly string[]) => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 300);
    return bench.run(['release', ...line.split(' '), ...options], { signal: abort.signal });
  };

  test.each(['refresh www', 'publish www r-1.0.0 --channel edge'])('%s --signer', async (line) => {
    await makeRelease('1.0.0', 1);
    const { code, stderr } = await ended(line, ['--signer', 'exec sleep 20']);
    const stopped = `error: "${line.split(' ')[0] ?? ''}" was stopped [CANCELLED]\n`;
    expect([code, stderr]).toEqual([1, expect.stringContaining(stopped)]);
  });

  test('what fails by it is not what failed: a signer gets the Ctrl-C, too', () => {
    const written: string[] = [];
    const output = { write: (text: string | Uint8Array) => void written.push(String(text)) };
    const refusal = new BerthError('RELEASE_REFUSED', 'the signer "x" failed: it ended with SIGINT', { hint: 'sign' });
    const context = { stdout: output, stderr: output, env: {}, signal: AbortSignal.abort() } as unknown as CliContext;
    expect(reportFailure(refusal, context, {})).toBe(1);
    expect(written).toEqual(['error: interrupted: the signer "x" failed: it ended with SIGINT [CANCELLED]\n']);
  });

  test('show of a server that does not answer', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await ended(`show http://127.0.0.1:${port}`, []);
    server.closeAllConnections();
    server.close();
    expect([code, stderr]).toEqual([1, 'error: interrupted [CANCELLED]\n']);
  });
});
