import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { RootedFiles } from '../../../src/host/rooted-files.ts';

const root = { mode: 0o644, uid: 0, gid: 0 };
const bytes = (text: string): Buffer => Buffer.from(text);
let top: string;
let tree: string;
let files: RootedFiles;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'berth-files-'));
  tree = join(top, 'tree');
  await mkdir(join(tree, 'etc'), { recursive: true });
  await mkdir(join(tree, 'var'));
  await writeFile(join(top, 'outside'), 'untouched');
  files = new RootedFiles(tree);
});
afterEach(async () => await rm(top, { recursive: true, force: true }));

/** Everything that is in the tree and beside it: path → content or link. */
async function everything(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(top, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) found[path.slice(top.length)] = `-> ${await readlink(path)}`;
    else if (entry.isFile()) found[path.slice(top.length)] = await readFile(path, 'utf8');
  }
  return found;
}

test('directories that are made for a file are root’s, or its owner’s; those that are there stay', async () => {
  await files.write('/var/a/b/c', bytes('x'), { mode: 0o600, uid: 7, gid: 8 }, { uid: 7, gid: 8 });
  await files.write('/var/a/d/e', bytes('x'), { mode: 0o600, uid: 9, gid: 9 });
  const ownerOf = async (path: string): Promise<number[]> => {
    const { uid, gid } = await stat(join(tree, path));
    return [uid, gid];
  };
  expect(await Promise.all(['var', 'var/a', 'var/a/b', 'var/a/d'].map(ownerOf))).toEqual([
    [0, 0],
    [7, 8],
    [7, 8],
    [0, 0],
  ]);
});

describe('nothing leads out of the root', () => {
  const tricks: {
    readonly name: string;
    readonly link: readonly [at: string, to: string];
    readonly path: string;
    readonly lands: string;
  }[] = [
    { name: 'an absolute link', link: ['etc/x', '/outside'], path: '/etc/x', lands: '/tree/outside' },
    { name: 'a link that climbs', link: ['etc/x', '../../../outside'], path: '/etc/x', lands: '/tree/outside' },
    { name: 'a linked directory', link: ['link', '/../..'], path: '/link/outside', lands: '/tree/outside' },
    { name: 'a path that climbs', link: ['x', 'y'], path: '/etc/../../../outside', lands: '/tree/outside' },
    { name: 'a path that climbs from a link', link: ['link', 'var'], path: '/link/../outside', lands: '/tree/outside' },
    {
      name: 'a link to a directory that is not there',
      link: ['home', '/var/home'],
      path: '/home/ops/x',
      lands: '/tree/var/home/ops/x',
    },
  ];
  test.each(tricks)('$name', async ({ link: [at, to], path, lands }) => {
    await symlink(to, join(tree, at));
    await files.write(path, bytes('new'), root);
    expect(await everything()).toEqual({ '/outside': 'untouched', [`/tree/${at}`]: `-> ${to}`, [lands]: 'new' });
    expect(await files.state(path)).toEqual({ kind: 'file', contentBase64: bytes('new').toString('base64'), ...root });
    await files.remove(path);
    expect(await readFile(join(top, 'outside'), 'utf8')).toBe('untouched');
  });

  test('links in a circle are refused', async () => {
    await symlink('b', join(tree, 'a'));
    await symlink('a', join(tree, 'b'));
    await expect(files.write('/a', bytes('x'), root)).rejects.toMatchObject({ code: 'HOST_REFUSED' });
  });
});

test('a file is replaced, not written into', async () => {
  await writeFile(join(tree, 'etc/a'), 'old');
  await link(join(tree, 'etc/a'), join(tree, 'etc/other-name'));
  await files.write('/etc/a', bytes('new'), { mode: 0o4750, uid: 7, gid: 8 });
  const status = await stat(join(tree, 'etc/a'));
  expect([status.mode & 0o7777, status.uid, status.gid]).toEqual([0o4750, 7, 8]);
  expect(await readFile(join(tree, 'etc/other-name'), 'utf8')).toBe('old');
  expect(await readdir(join(tree, 'etc'))).toEqual(['a', 'other-name']);
});

test('a link takes the place of a file, a link and an empty directory, not of a full one', async () => {
  await writeFile(join(tree, 'file'), '');
  await symlink('elsewhere', join(tree, 'link'));
  await mkdir(join(tree, 'empty'));
  await mkdir(join(tree, 'full/of'), { recursive: true });
  for (const path of ['/file', '/link', '/empty', '/new/link']) {
    await files.makeLink(path, 'target');
    expect(await files.linkTarget(path)).toBe('target');
  }
  await expect(files.makeLink('/full', 'target')).rejects.toMatchObject({ code: 'ENOTEMPTY' });
});

test('a skeleton is copied for its owner, over nothing that is there', async () => {
  await mkdir(join(tree, 'etc/skel/deep'), { recursive: true });
  await writeFile(join(tree, 'etc/skel/.profile'), 'skeleton');
  await writeFile(join(tree, 'etc/skel/deep/tool'), 'tool');
  await chmod(join(tree, 'etc/skel/deep/tool'), 0o755);
  await symlink('deep/tool', join(tree, 'etc/skel/tool'));
  await mkdir(join(tree, 'home'));
  await writeFile(join(tree, 'home/.profile'), 'mine');
  await files.copyDirectory('/etc/skel', '/home', { uid: 5, gid: 6 });
  expect(await readFile(join(tree, 'home/.profile'), 'utf8')).toBe('mine');
  expect(await readlink(join(tree, 'home/tool'))).toBe('deep/tool');
  const status = await lstat(join(tree, 'home/deep/tool'));
  expect([status.mode & 0o777, status.uid, status.gid]).toEqual([0o755, 5, 6]);
  await expect(files.copyDirectory('/etc/none', '/home', { uid: 5, gid: 6 })).resolves.toBeUndefined();
});

test('an allocated file has its blocks, and leaves nothing when it is stopped', async () => {
  await files.allocate('/var/swap', 3_000_000, new AbortController().signal);
  const { size, blocks, mode } = await stat(join(tree, 'var/swap'));
  expect([size, blocks * 512 >= 3_000_000, mode & 0o777]).toEqual([3_000_000, true, 0o600]);
  await expect(files.allocate('/var/other', 3_000_000, AbortSignal.abort())).rejects.toThrow();
  expect(await readdir(join(tree, 'var'))).toEqual(['swap']);
});

test("the image's own files are those of its /etc", async () => {
  const defaults = join(top, 'defaults');
  await mkdir(defaults);
  await writeFile(join(defaults, 'motd'), 'image');
  await symlink('/motd', join(defaults, 'issue'));
  const withDefaults = new RootedFiles(tree, { defaults });
  const read = async (path: string): Promise<string | undefined> =>
    (await withDefaults.readDefault(path)) === undefined
      ? undefined
      : Buffer.from((await withDefaults.readDefault(path)) ?? []).toString();
  expect([await read('/etc/motd'), await read('/etc/issue'), await read('/etc/none'), await read('/var/motd')]).toEqual(
    ['image', 'image', undefined, undefined],
  );
});

test.each([
  ['/etc', { kind: 'directory', mode: 0o755, uid: 0, gid: 0, isEmpty: true }],
  ['/', { kind: 'directory', mode: 0o755, uid: 0, gid: 0, isEmpty: false }],
  ['/none', { kind: 'missing' }],
  ['/etc/none/below', { kind: 'missing' }],
])('what is at %s', async (path, state) => {
  expect(await files.state(path)).toEqual(state);
});
