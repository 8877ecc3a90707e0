import {
  chmod,
  copyFile,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BerthError } from '../../src/core/errors.ts';
import { bakedDirectory } from '../../src/datasource/baked.ts';
import { type BakedTrust, trustDirectory, trustFiles } from '../../src/update/baked-trust.ts';
import type { PackageFile } from '../apt.ts';
import { readElf } from '../elf.ts';
import { mergePackages } from '../package-tree.ts';
import { addContainer, shippedContainers } from './container-trees.ts';
import { engineFiles } from './engine-files.ts';
import { type KernelTree, placeModules } from './kernel.ts';
import { placeKeymaps } from './keymaps.ts';
import { architectures, osRelease, type Release } from './layout.ts';
import type { NodeRuntime } from './node-runtime.ts';
import { unpackPackages } from './package-store.ts';
import { isWantedFile } from './packages.ts';
import type { Tools } from './tools.ts';

/** What /usr is made of. */
export interface UsrSources {
  readonly release: Release;
  /** Berth's own directory: static files, recipes, the bundle in `dist/`. */
  readonly projectDirectory: string;
  readonly cacheDirectory: string;
  readonly rootPackages: readonly PackageFile[];
  /** By the container's name. */
  readonly containerPackages: ReadonlyMap<string, readonly PackageFile[]>;
  readonly kernel: KernelTree;
  readonly node: NodeRuntime;
  readonly tools: Tools;
  /** Environment's SOURCE_DATE_EPOCH; absent: the newest file of the packages. */
  readonly epochSeconds?: number;
  /** User-data of the datasource `baked`. */
  readonly bakedConfig?: string;
  readonly bakedTrust?: BakedTrust;
}

/** A /usr that is ready to become a file system. */
export interface UsrTree {
  /** Holds `usr`, and the links into it that Debian's packages expect. */
  readonly root: string;
  readonly usr: string;
  /** Seconds since 1970: what counts as the image's build time. */
  readonly epochSeconds: number;
}

/** Directories that are there although no package has a file in them. */
const emptyDirectories: readonly string[] = ['etc/docker', 'etc/modules-load.d', 'etc/sysctl.d', 'etc/ssl/certs'];

/** Links in /etc: path → target. */
const etcLinks: Readonly<Record<string, string>> = {
  'os-release': '../usr/lib/os-release',
  mtab: '../proc/self/mounts',
  'resolv.conf': '../run/berth/network/resolv.conf',
  localtime: '../usr/share/zoneinfo/Etc/UTC',
};

/** Puts /usr together below the empty directory `work`. Throws CONFIG_INVALID when a program's library is missing. */
export async function buildUsrTree(sources: UsrSources, work: string): Promise<UsrTree> {
  const { projectDirectory, cacheDirectory, release, kernel } = sources;
  const root = join(work, 'root');
  const usr = join(root, 'usr');
  await mkdir(root, { recursive: true });
  const unpacked = await unpackPackages(sources.rootPackages, cacheDirectory);
  await mergePackages(unpacked, root, isWantedFile);
  await placeModules(kernel, usr);
  for (const directory of emptyDirectories) await mkdir(join(root, directory), { recursive: true });
  await writeCertificates(root);
  await copyStatic(join(projectDirectory, 'image/os/root'), root);
  for (const [path, target] of Object.entries(etcLinks)) await symlink(target, join(root, 'etc', path));
  await mkdir(join(usr, 'share/berth'), { recursive: true });
  await rename(join(root, 'etc'), join(usr, 'share/berth/etc'));
  await linkApplets(root, sources.tools);
  await placeKeymaps(root, sources);
  const berth = join(usr, 'lib/berth');
  await copyFile(sources.node.program, join(usr, 'bin/node'));
  await chmod(join(usr, 'bin/node'), 0o755);
  await mkdir(join(usr, 'share/doc/node'), { recursive: true });
  await copyFile(sources.node.licence, join(usr, 'share/doc/node/copyright'));
  await copyBundle(projectDirectory, berth, release.version);
  await writeFile(join(usr, 'lib/os-release'), osRelease(release));
  const dockerVersion = sources.rootPackages.find(({ name }) => name === 'docker.io')?.version ?? '';
  await writeAll(join(berth, 'engine'), engineFiles(dockerVersion));
  if (sources.bakedConfig !== undefined)
    await writeAll(join(root, bakedDirectory), new Map([['user-data', sources.bakedConfig]]));
  if (sources.bakedTrust !== undefined) await writeAll(join(root, trustDirectory), trustFiles(sources.bakedTrust));
  await addContainers(sources, usr, work);
  await checkLibraries(usr, architectures[release.architecture].triplet);
  const epochSeconds = sources.epochSeconds ?? (await newestOf(unpacked));
  await writeFile(join(berth, 'epoch'), `${epochSeconds}\n`);
  return { root, usr, epochSeconds };
}

async function addContainers(sources: UsrSources, usr: string, work: string): Promise<void> {
  const recipesDirectory = join(sources.projectDirectory, 'system-containers');
  const index: { reference: string; archive: string }[] = [];
  const { stdout } = await sources.tools.run('busybox', ['--list']);
  const applets = stdout.split('\n').filter((name) => name !== '' && name !== 'busybox');
  for (const name of shippedContainers) {
    const packages = sources.containerPackages.get(name) ?? [];
    const unpacked = await unpackPackages(packages, sources.cacheDirectory);
    const { architecture } = sources.release;
    const places = { usr, work: join(work, 'containers'), recipesDirectory, architecture, applets };
    index.push(await addContainer(name, unpacked, packages, places));
  }
  await writeFile(join(usr, 'lib/berth/images/images.json'), `${JSON.stringify(index, null, 2)}\n`);
}

/** ca-certificates' installation script would make the one file that everybody reads. */
async function writeCertificates(root: string): Promise<void> {
  const directory = join(root, 'usr/share/ca-certificates/mozilla');
  const names = (await readdir(directory)).filter((name) => name.endsWith('.crt')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  await writeFile(join(root, 'etc/ssl/certs/ca-certificates.crt'), texts.join(''));
}

/** Copies our own files; git keeps their executable bit, so nothing else of their mode counts. */
async function copyStatic(from: string, root: string): Promise<void> {
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(root, source.slice(from.length));
    await mkdir(dirname(target), { recursive: true });
    // Never into a file of a package: that is a hard link into the cache.
    await rm(target, { force: true });
    await copyFile(source, target);
    const { mode } = await stat(source);
    await chmod(target, basename(target) === 'shadow' ? 0o600 : (mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}

/** busybox gives every command that no package brings, and is init. */
async function linkApplets(root: string, tools: Tools): Promise<void> {
  const { stdout } = await tools.run('busybox', ['--list-full']);
  const present = new Set<string>();
  for (const directory of ['bin', 'sbin']) {
    for (const name of await readdir(join(root, 'usr', directory))) present.add(name);
  }
  for (const path of stdout.split('\n').filter(Boolean)) {
    const name = basename(path);
    if (present.has(name) || name === 'busybox') continue;
    const directory = path.includes('sbin/') ? 'sbin' : 'bin';
    await symlink(directory === 'sbin' ? '../bin/busybox' : 'busybox', join(root, 'usr', directory, name));
  }
}

async function copyBundle(projectDirectory: string, berth: string, version: string): Promise<void> {
  await cp(join(projectDirectory, 'dist'), join(berth, 'dist'), {
    recursive: true,
    filter: (path) => !path.endsWith('.map'),
  });
  // The bundle finds its home by it, and Node that it is made of ES modules.
  await writeFile(join(berth, 'package.json'), `${JSON.stringify({ name: 'berth', version, type: 'module' })}\n`);
}

async function writeAll(directory: string, files: ReadonlyMap<string, string>): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, text] of files) await writeFile(join(directory, name), text);
}

/** Everything that is linked with a library finds it: a package left out too much would show only when somebody runs it. */
async function checkLibraries(usr: string, triplet: string): Promise<void> {
  const present = new Set(await readdir(join(usr, 'lib', triplet)));
  const problems: string[] = [];
  for (const directory of ['bin', 'sbin', `lib/${triplet}`]) {
    for (const entry of await readdir(join(usr, directory), { withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const elf = readElf(await readFile(join(usr, directory, entry.name)));
      const missing = (elf?.needed ?? []).filter((name) => !present.has(name));
      if (missing.length > 0) problems.push(`${directory}/${entry.name} needs ${missing.join(', ')}`);
    }
  }
  if (problems.length > 0) throw new BerthError('CONFIG_INVALID', `the image lacks libraries: ${problems.join('; ')}`);
}

async function newestOf(unpacked: ReadonlyMap<string, string>): Promise<number> {
  let newest = 0;
  for (const directory of unpacked.values()) {
    for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) newest = Math.max(newest, (await lstat(join(entry.parentPath, entry.name))).mtimeMs);
    }
  }
  return Math.floor(newest / 1000);
}
