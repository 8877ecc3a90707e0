import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { judgeConfig } from '../../../src/cli/judge-config.ts';
import { releaseBench } from '../../unit/cli/release-bench.ts';
import { catalogue, examples } from '../../unit/config/support.ts';

const bench = releaseBench();
const { release, makeRelease, makeRepository } = bench;

interface Root {
  signed: { version: number; keys: Record<string, { keyval: { public: string } }> };
  signatures: { sig: string }[];
}

/** Declares the repository's first root, after a change. */
const declare = async (change: (root: Root) => unknown): Promise<void> => {
  const root = JSON.parse(await readFile(join(bench.directory, 'www/metadata/1.root.json'), 'utf8')) as Root;
  change(root);
  const text = `#cloud-config\nberth:\n  update:\n    root: ${JSON.stringify(JSON.stringify(root))}\n`;
  await writeFile(join(bench.directory, 'host.yaml'), text);
};

const changes: [string, (root: Root) => unknown, string][] = [
  ['signatures', ({ signatures }) => signatures.forEach((one) => (one.sig = '0'.repeat(128))), 'signed by 0 of the 2'],
  ['one signature left', (root) => (root.signatures = root.signatures.slice(0, 1)), 'signed by 1 of the 2'],
  ['content', ({ signed }) => (signed.version = 2), 'signed by 0 of the 2 keys that have to'],
  ['no version', ({ signed }) => (signed.version = -1), '-1 is no version'],
];

beforeEach(makeRepository);

test.each(changes)('validate refuses a root with other %s', async (_, change, why) => {
  await declare(change);
  const { code, stdout } = await bench.run(['validate', 'host.yaml', '--json']);
  expect([code, JSON.parse(stdout)]).toEqual([
    1,
    [
      {
        ...{ file: 'host.yaml', line: 4, column: 5, path: 'berth.update.root', severity: 'error' },
        ...{ code: 'invalid-value', message: expect.stringContaining(why) },
        hint: "the text of the repository's metadata/1.root.json, whole and unchanged",
      },
    ],
  ]);
});

test('validate takes the root as it is', async () => {
  await declare(() => undefined);
  expect(await bench.run(['validate', 'host.yaml'])).toMatchObject({ code: 0, stdout: 'host.yaml: valid\n' });
});

test('a bundle is not made for a host that could not take it', async () => {
  await makeRelease('1.0.0', 1);
  await release('publish www r-1.0.0 --channel edge --key keys');
  await declare(({ signed }) => (signed.version = 2));
  const { code, stdout } = await release('bundle www 1.0.0 --channel edge --config host.yaml --out b.tar');
  expect([code, stdout]).toEqual([1, expect.stringContaining('host.yaml:4:5: error: no host could begin to trust')]);
});

test.each(examples)('the example $name is judged to be right', async ({ name, text }) => {
  expect(await judgeConfig({ file: `${name}.yaml`, text }, { catalogue })).toEqual([]);
});
