import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { bakedTrustOf } from '../../../src/cli/baked-trust.ts';
import type { Cli } from '../../../src/cli/context.ts';
import { type BakedTrust, trustFiles } from '../../../src/update/baked-trust.ts';
import { Bench } from './run-cli.ts';

const rootFile = 'www/metadata/1.root.json';
const feed = 'https://updates.example.org';

let bench: Bench;

beforeEach(async () => {
  bench = await Bench.open();
  await bench.run(['release', 'keygen', 'keys']);
  await bench.run(['release', 'init', 'www', '--keys', 'keys']);
});

afterEach(async () => bench.close());

async function trust(flags: Cli['flags']): Promise<BakedTrust | undefined> {
  const context = { cwd: bench.directory, clock: { now: () => 0 } } as Cli['context'];
  return bakedTrustOf({ context, flags });
}

async function rootText(): Promise<string> {
  return readFile(join(bench.directory, rootFile), 'utf8');
}

test('an image that is told nothing trusts nobody', async () => {
  expect(await trust({})).toBeUndefined();
});

test("a repository's root is baked in as it is, beside it where the repository is and which channel", async () => {
  const root = await rootText();
  expect(await trust({ updateRoot: rootFile })).toEqual({ root });
  expect(await trust({ updateRoot: rootFile, updateFeed: feed })).toEqual({ root, feed: { feed, channel: 'stable' } });
  const whole = await trust({ updateRoot: rootFile, updateFeed: feed, updateChannel: 'edge' });
  expect(whole).toEqual({ root, feed: { feed, channel: 'edge' } });
  expect([...trustFiles({ root })]).toEqual([['root.json', root]]);
  expect([...trustFiles({ root, feed: { feed, channel: 'edge' } })]).toEqual([
    ['root.json', root],
    ['feed.json', `{"feed":"${feed}","channel":"edge"}\n`],
  ]);
});

test.each([
  ['a feed without a root', { updateFeed: feed }, 'want --update-root'],
  ['a channel without a feed', { updateRoot: rootFile, updateChannel: 'edge' }, 'wants --update-feed'],
  ['a feed that is no URL', { updateRoot: rootFile, updateFeed: 'www' }, 'it is an http or https URL'],
  [
    'a channel that is none',
    { updateRoot: rootFile, updateFeed: feed, updateChannel: '../x' },
    '"../x" cannot be the name',
  ],
  [
    'a role that is no channel',
    { updateRoot: rootFile, updateFeed: feed, updateChannel: 'targets' },
    '"targets" cannot be',
  ],
  ['a file that is not there', { updateRoot: 'none' }, 'cannot read none'],
  ['a file that is no root', { updateRoot: 'www/metadata/timestamp.json' }, 'root:'],
])('%s is refused', async (_what, flags, message) => {
  await expect(trust(flags)).rejects.toThrow(message);
});

test('a root that its own keys did not sign is refused: no host would take it', async () => {
  const changed = (await rootText()).replace('"version": 1', '"version": 2');
  await writeFile(join(bench.directory, 'changed.json'), changed);
  await expect(trust({ updateRoot: 'changed.json' })).rejects.toThrow('signed by 0 of the 2 keys');
});

test.each([
  [[], true],
  [['--update-root', rootFile], false],
])('a release with the options %j is warned of: %s', async (options, isWarned) => {
  // There is nothing here to build an image of: it goes no further.
  const { code, stderr } = await bench.run(['release', 'build', ...options]);
  expect([code, stderr.includes('warning: without --update-root')]).toEqual([1, isWarned]);
});
