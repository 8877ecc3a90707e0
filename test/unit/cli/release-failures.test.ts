import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { CliContext } from '../../../src/cli/context.ts';
import { reportFailure } from '../../../src/cli/failure.ts';
import { BerthError } from '../../../src/core/errors.ts';
import { releaseBench } from './release-bench.ts';

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
    expect([code, stderr]).toEqual([1, 'error: interrupted [CANCELLED]\n']);
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
