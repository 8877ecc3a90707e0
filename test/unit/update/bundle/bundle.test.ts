import { mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Bundle } from '../../../../src/update/bundle/bundle.ts';
import { BundleSource } from '../../../../src/update/bundle/bundle-source.ts';
import { type Entry, packed, records, tarOf } from './tar.ts';

const { signal } = new AbortController();
let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-bundle-'));
  file = join(directory, 'bundle.tar');
});

afterEach(async () => rm(directory, { recursive: true }));

/** What a host reads of a file of the bundle, as text. */
async function read(path: readonly string[], maxBytes = 100): Promise<string | undefined> {
  const content = await new BundleSource(new Bundle(file), 'targets').read(path, maxBytes, signal);
  return content === undefined ? undefined : Buffer.from(content).toString();
}

const long = `${'a'.repeat(64)}.${'b'.repeat(120)}`;

test.each<[string, readonly Entry[], readonly string[]]>([
  [
    'in a folder',
    [
      { path: 'targets', kind: '5' },
      { path: 'targets/edge/', kind: '5' },
      { path: 'targets/edge/feed', content: 'content' },
    ],
    ['edge', 'feed'],
  ],
  ['with a prefix', [{ path: 'feed', prefix: 'targets/edge', content: 'content' }], ['edge', 'feed']],
  [
    'with a long name',
    [
      { path: 'records', kind: 'x', content: records({ mtime: '1.5', path: `targets/blobs/${long}` }) },
      { path: 'cut', content: 'content' },
    ],
    ['blobs', long],
  ],
  [
    'with a size in records',
    [
      { path: 'records', kind: 'x', content: records({ size: '7' }) },
      { path: 'targets/a', content: 'content', size: '0' },
    ],
    ['a'],
  ],
  [
    'behind others',
    [
      { path: 'targets/b', content: 'x'.repeat(1025) },
      { path: 'targets/a', content: 'content' },
    ],
    ['a'],
  ],
])('a file is found %s', async (_, entries, path) => {
  await writeFile(file, tarOf(...entries));
  expect(await read(path)).toBe('content');
});

test('what is not in it is not there', async () => {
  await writeFile(file, tarOf({ path: 'targets/sub/a', content: 'content' }, { path: 'secret', content: 'content' }));
  for (const path of [['a'], ['sub'], ['sub/a'], ['..', 'secret'], ['sub', 'a', 'b'], ['']])
    expect(await read(path)).toBeUndefined();
});

test('a file with more bytes than are taken is refused', async () => {
  await writeFile(file, tarOf({ path: 'targets/a', content: 'content' }));
  await expect(read(['a'], 6)).rejects.toMatchObject({ details: { refusal: 'oversized' } });
});

describe('an archive is refused', () => {
  test.each<[string, Buffer, RegExp]>([
    ['that is none', Buffer.alloc(2048, 'x'), /no tar archive/],
    ['of GNU’s own kind', tarOf({ path: 'a', magic: 'ustar ' }), /no tar archive/],
    ['with a damaged header', tarOf({ path: 'a', checksum: '0000001\0' }), /damaged/],
    ['with a link', tarOf({ path: 'targets/a', kind: '2' }), /neither a file nor/],
    ['with a hard link', tarOf({ path: 'targets/a', kind: '1' }), /neither a file nor/],
    ['with a device', tarOf({ path: 'targets/a', kind: '4' }), /neither a file nor/],
    [
      'with records about all files',
      tarOf({ path: 'a', kind: 'g', content: records({ path: 'b' }) }),
      /neither a file nor/,
    ],
    ['with an absolute path', tarOf({ path: '/targets/a' }), /leads elsewhere/],
    ['with a way up', tarOf({ path: 'targets/../../a' }), /leads elsewhere/],
    [
      'with a way up in records',
      tarOf({ path: 'r', kind: 'x', content: records({ path: '../a' }) }, { path: 'a' }),
      /leads elsewhere/,
    ],
    ['with a way that goes nowhere', tarOf({ path: './targets/a' }), /leads elsewhere/],
    ['with no name', tarOf({ path: '' }), /leads elsewhere/],
    ['with a file twice', tarOf({ path: 'a', content: '1' }, { path: 'a', content: '2' }), /twice/],
    ['with a file that is a folder', tarOf({ path: 'a/', kind: '5' }, { path: 'a' }), /twice/],
    ['with a size that is no number', tarOf({ path: 'a', size: '12x45678901' }), /for a number/],
    ['with a size in binary', tarOf({ path: 'a', size: '\x80\0\0\0\0\0\0\0\0\0\x01' }), /for a number/],
    ['with a file that is longer than the archive', tarOf({ path: 'a', size: '77777777777' }), /cut off/],
    [
      'with a size in records that is longer',
      tarOf({ path: 'r', kind: 'x', content: records({ size: '999999999999999' }) }, { path: 'a' }),
      /cut off/,
    ],
    [
      'with a negative size',
      tarOf({ path: 'r', kind: 'x', content: records({ size: '-512' }) }, { path: 'a' }),
      /no size/,
    ],
    ['with long records', tarOf({ path: 'r', kind: 'x', content: 'x'.repeat(70_000) }), /records of 70000 bytes/],
    [
      'with records about records',
      tarOf(
        { path: 'r', kind: 'x', content: records({ path: 'b' }) },
        { path: 'r', kind: 'x', content: records({ path: 'c' }) },
      ),
      /records about records/,
    ],
    ['with records about nothing', tarOf({ path: 'r', kind: 'x', content: records({ path: 'b' }) }), /about nothing/],
    ['with records that are none', tarOf({ path: 'r', kind: 'x', content: '99 path=a\n' }, { path: 'a' }), /damaged/],
    ['with records of no length', tarOf({ path: 'r', kind: 'x', content: '0 path=a\n' }, { path: 'a' }), /damaged/],
    ['without an end', packed({ path: 'a', content: 'content' }), /cut off/],
    ['that is empty', Buffer.alloc(0), /cut off/],
    [
      'with more headers than there may be',
      Buffer.concat(Array.from({ length: 10_001 }, (_, at) => packed({ path: `d${at}/`, kind: '5' }))),
      /more than 10000/,
    ],
  ])('%s', async (_, content, message) => {
    await writeFile(file, content);
    await expect(read(['a'])).rejects.toMatchObject({
      code: 'RELEASE_REFUSED',
      message: expect.stringMatching(message),
      details: { refusal: 'malformed' },
    });
  });
});

test('an archive that was replaced is read anew, and one that was cut off meanwhile is unreachable', async () => {
  await writeFile(file, tarOf({ path: 'targets/a', content: 'old' }));
  const source = new BundleSource(new Bundle(file), 'targets');
  const text = async (): Promise<string> => Buffer.from((await source.read(['a'], 9, signal)) ?? []).toString();
  expect(await text()).toBe('old');
  await writeFile(`${file}.new`, tarOf({ path: 'targets/b', content: 'b' }, { path: 'targets/a', content: 'new' }));
  await rename(`${file}.new`, file);
  expect(await text()).toBe('new');
  const opened = await new Bundle(file).open(['targets', 'a'], signal);
  await truncate(file, 1024);
  const { readPieces } = await import('../../../../src/update/tuf/opened-file.ts');
  await expect(readPieces(opened!, 0, 3, signal).next()).rejects.toMatchObject({ code: 'RELEASE_UNREACHABLE' });
  await opened?.file.close();
});

test('stops when it is told to', async () => {
  const abort = new AbortController();
  abort.abort(new Error('enough'));
  await writeFile(file, tarOf({ path: 'targets/a', content: 'content' }));
  await expect(new BundleSource(new Bundle(file), 'targets').read(['a'], 9, abort.signal)).rejects.toThrow('enough');
});
