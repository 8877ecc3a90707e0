import { chmod, chown, copyFile, lstat, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BerthError } from '../src/core/errors.ts';
import { runCommand } from './command.ts';
import { mergedLinks, type PackageTree, placeFile, selectFiles } from './package-tree.ts';
import type { Recipe, RecipeOptions } from './recipe.ts';

const standardDirectories = [
  'dev',
  'etc',
  'proc',
  'root',
  'run',
  'sys',
  'tmp',
  'usr/bin',
  'usr/sbin',
  'usr/lib',
  'var/lib',
];
const nobody = 65534;

/**
 * Fills the empty directory `root` with what the recipe wants of the packages and of its own files.
 * Needs root: owners in the tree are the image's.
 * @param allApplets names of busybox' commands; default: its own busybox is asked, which must run on this machine.
 * @returns the newest time stamp of a package's file, seconds since the epoch: the image's date.
 */
export async function assembleRoot(
  recipe: Recipe,
  tree: PackageTree,
  root: string,
  allApplets?: readonly string[],
): Promise<number> {
  const { options } = recipe;
  const paths = await selectFiles(tree, options.keep);
  for (const directory of standardDirectories) await mkdir(join(root, directory), { recursive: true });
  await chmod(join(root, 'tmp'), 0o1777);
  for (const [name, target] of Object.entries(mergedLinks)) await symlink(target, join(root, name));
  await symlink('/run', join(root, 'var/run'));
  let newest = 0;
  for (const path of paths) {
    const source = join(tree.directory, path);
    const status = await lstat(source);
    // Links were made just now; files still carry their package's times.
    if (status.isFile()) newest = Math.max(newest, Math.floor(status.mtimeMs / 1000));
    await placeFile(source, join(root, path));
  }
  await writeAccounts(options, root);
  for (const applet of await appletNames(options, root, allApplets)) {
    // A real program goes before busybox' version of it.
    await symlink('busybox', join(root, 'usr/bin', applet)).catch(() => undefined);
  }
  for (const [path, target] of Object.entries(options.links)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await symlink(target, join(root, path));
  }
  for (const { path, owner, mode } of options.directories) {
    await mkdir(join(root, path), { recursive: true });
    const { uid, gid } = accountOf(options, owner);
    await chown(join(root, path), uid, gid);
    await chmod(join(root, path), Number.parseInt(mode, 8));
  }
  for (const file of recipe.files) {
    const target = join(root, file.path);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(file.source, target);
    await chmod(target, file.executable ? 0o755 : 0o644);
  }
  return newest;
}

async function writeAccounts(options: RecipeOptions, root: string): Promise<void> {
  const users = [
    { name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/sh' },
    ...options.users.map((user) => ({ ...user, gid: user.gid ?? user.uid })),
    { name: 'nobody', uid: nobody, gid: nobody, home: '/nonexistent', shell: '/usr/sbin/nologin' },
  ];
  const ownGroups = users
    .filter(({ gid, uid }) => gid === uid)
    .map(({ name, gid }) => ({ name: name === 'nobody' ? 'nogroup' : name, gid }));
  const lines = (rows: readonly string[]) => `${rows.join('\n')}\n`;
  await writeFile(
    join(root, 'etc/passwd'),
    lines(users.map(({ name, uid, gid, home, shell }) => `${name}:x:${uid}:${gid}::${home}:${shell}`)),
  );
  await writeFile(
    join(root, 'etc/group'),
    lines([...ownGroups, ...options.groups].map(({ name, gid }) => `${name}:x:${gid}:`)),
  );
  await writeFile(join(root, 'etc/nsswitch.conf'), 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n');
}

function accountOf(options: RecipeOptions, name: string): { uid: number; gid: number } {
  if (name === 'root') return { uid: 0, gid: 0 };
  if (name === 'nobody') return { uid: nobody, gid: nobody };
  const user = options.users.find((candidate) => candidate.name === name);
  if (user === undefined)
    throw new BerthError('CONFIG_INVALID', `directories: ${name} is not one of the recipe's users`);
  return { uid: user.uid, gid: user.gid ?? user.uid };
}

async function appletNames(
  options: RecipeOptions,
  root: string,
  allApplets: readonly string[] | undefined,
): Promise<readonly string[]> {
  if (options.applets !== 'all') return options.applets;
  if (allApplets !== undefined) return allApplets;
  const { stdout } = await runCommand(join(root, 'usr/bin/busybox'), ['--list']);
  return stdout.split('\n').filter((name) => name !== '' && name !== 'busybox');
}
