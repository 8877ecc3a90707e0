import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackageFile } from '../../image/apt.ts';
import { runCommand } from '../../image/command.ts';
import { type ImageOptions, prepareTools } from '../../image/os/build.ts';
import type { KernelTree } from '../../image/os/kernel.ts';
import type { NodeRuntime } from '../../image/os/node-runtime.ts';
import { type PackageSets, setDigest } from '../../image/os/package-store.ts';
import { buildSlot, type SlotImage } from '../../image/os/slot.ts';
import { buildUsrTree } from '../../image/os/usr-tree.ts';
import { cachedDirectory } from '../../test/engine/support/cache.ts';
import { testImageOptions } from '../../test/vm/support/test-image.ts';
import { fetchIngredients, type Ingredients, kernelOf, nodeOf } from './ingredients.ts';
import { kernelImages } from './kernels.ts';

/** What the releases have that follow the first one. */
export const releases = {
  config: 'configuration only: the agent’s program, two settings',
  patch: 'patch: every package that Debian has in two versions',
  minor: 'minor: kernel, Node, packages',
} as const;

export type ReleaseName = keyof typeof releases;

/** A slot's content and the kernel image that boots it. */
export interface BenchRelease {
  readonly slot: SlotImage;
  /** Path. */
  readonly kernel: string;
}

/** The first release and the ones after it. */
export interface BenchImages {
  readonly base: BenchRelease;
  readonly next: Readonly<Record<ReleaseName, BenchRelease>>;
  /** What makes the difference, for the results' page. */
  readonly notes: readonly string[];
}

/** Part of the cache's key: raise it when the images are made differently. */
const builderVersion = 3;
const names = ['base', 'config', 'patch', 'minor'] as const;
const versions = ['1.0.0', '1.0.1', '1.0.2', '1.1.0'] as const;

/** Parts in one version each. */
interface Parts {
  readonly root: PackageSets;
  readonly kernel: KernelTree;
  readonly node: NodeRuntime;
}

/** Builds the images from Debian's packages and Node, each in an older and a newer version, and keeps them in the cache. */
export async function benchImages(progress: (line: string) => void): Promise<BenchImages> {
  const options: ImageOptions = { ...testImageOptions(), fast: false, onProgress: progress };
  // The launcher bundles the program when its sources are newer.
  await runCommand(join(options.projectDirectory, 'berth'), ['--version']);
  const ingredients = await fetchIngredients(options);
  const { newer, older, nodes, notes } = ingredients;
  const recipe = JSON.stringify([
    builderVersion,
    nodes,
    ...[newer, older].map((sets) => [...sets].map(([name, files]) => [name, setDigest(files)])),
  ]);
  const directory = await cachedDirectory('update-images', recipe, (work) => build(work, ingredients));
  const facts = JSON.parse(await readFile(join(directory, 'facts.json'), 'utf8')) as SlotImage[];
  const slots = facts.map((slot, at) => ({ ...slot, file: join(directory, `${names[at] ?? ''}.img`) }));
  const kernels = await kernelImages(slots, versions, recipe, ingredients);
  const [base, config, patch, minor] = slots.map((slot, at) => ({ slot, kernel: kernels[at] ?? '' }));
  if (base === undefined || config === undefined || patch === undefined || minor === undefined)
    throw new Error(`${directory} is not complete`);
  return { base, next: { config, patch, minor }, notes };
}

async function build(work: string, { options, newer, older, nodes }: Ingredients): Promise<void> {
  const { cacheDirectory, projectDirectory, onProgress } = options;
  const scratch = join(work, 'scratch');
  await mkdir(scratch);
  const tools = await prepareTools(newer, scratch, cacheDirectory);
  const before: Parts = {
    root: older,
    kernel: await kernelOf(older, tools, options),
    node: await nodeOf(nodes.older, options),
  };
  const after: Parts = {
    root: newer,
    kernel: await kernelOf(newer, tools, options),
    node: await nodeOf(nodes.newer, options),
  };
  const facts: SlotImage[] = [];

  async function slot(
    name: string,
    version: string,
    parts: Parts,
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

  const [base, config, patch, minor] = versions;
  await slot('base', base, before);
  await slot('config', config, before, changeConfig);
  await slot('patch', patch, { ...before, root: newer });
  await slot('minor', minor, after, changeConfig);
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
