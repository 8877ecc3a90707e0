import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Apt, downloadPackages, openApt, type PackageFile, type PackageRequest, resolvePackages } from './apt.ts';
import { runCommand } from './command.ts';
import { type ImageConfig, machineArchitecture, writeImageArchive } from './image-archive.ts';
import { mergePackages } from './package-tree.ts';
import { listRecipes, type Recipe, readRecipe } from './recipe.ts';
import { assembleRoot } from './root-tree.ts';

/** Part of every cache key: raise it when the builder makes something else of the same recipe. */
const builderVersion = 1;

/** Needed by packages' installation scripts only, which we do not run. */
const scriptPackages = [
  ...['adduser', 'base-passwd', 'debconf', 'init-system-helpers', 'libpam-runtime', 'lsb-base', 'passwd', 'perl-base'],
  ...['runit-helper', 'sensible-utils', 'systemd', 'sysvinit-utils', 'ucf'],
];

export interface BuildOptions {
  /** Directory with a folder per system container. */
  readonly recipesDirectory: string;
  /** Which ones; default: all. */
  readonly names?: readonly string[];
  /** Archives, packages and package indexes; default `~/.cache/berth`. */
  readonly cacheDirectory?: string;
  readonly onProgress?: (line: string) => void;
}

/** An image archive that is ready to load. */
export interface BuiltImage {
  readonly name: string;
  /** `berth/NAME:VERSION`. */
  readonly reference: string;
  /** Path of an archive in `docker load`'s form. */
  readonly archive: string;
  /** `sha256:…`, the same as the engine's image id. */
  readonly imageId: string;
  /** Bytes unpacked. */
  readonly sizeBytes: number;
  /** True when nothing had to be built. */
  readonly cached: boolean;
}

interface Job {
  readonly recipe: Recipe;
  readonly packages: readonly PackageFile[];
  readonly key: string;
}

/**
 * Builds the images of system containers from Debian packages, without an image registry or an engine.
 * The result depends only on the recipe, its files, the versions of the packages and SOURCE_DATE_EPOCH, and is kept
 * under a hash of those, so a second call does no work. Needs root. Safe to run twice at once.
 * Throws CONFIG_INVALID (a recipe), NOT_FOUND (no such container), IMAGE_PULL_FAILED (retryable: packages), UNSUPPORTED.
 */
export async function buildSystemContainers(options: BuildOptions): Promise<BuiltImage[]> {
  const cache = options.cacheDirectory ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'berth');
  const onProgress = options.onProgress ?? (() => undefined);
  const images = join(cache, 'images');
  await mkdir(images, { recursive: true });
  const apt = await openApt(join(cache, 'apt'), { onProgress });
  const names = options.names ?? (await listRecipes(options.recipesDirectory));
  const jobs = await Promise.all(
    names.map(async (name) => prepareJob(apt, await readRecipe(options.recipesDirectory, name))),
  );
  const missing = await filterAsync(jobs, async (job) => (await readBuilt(images, job)) === undefined);
  if (missing.length > 0) await buildMissing(missing, { apt, cache, images, onProgress });
  const missingNames = new Set(missing.map((job) => job.recipe.name));
  const built: BuiltImage[] = [];
  for (const job of jobs) {
    const image = await readBuilt(images, job);
    if (image === undefined) throw new Error(`the image of ${job.recipe.name} vanished while it was built`);
    built.push({ ...image, cached: !missingNames.has(image.name) });
  }
  return built;
}

/** The packages a recipe takes its files from. Pure. */
export function packageRequest({ options }: Pick<Recipe, 'options'>): PackageRequest {
  return { packages: options.packages, without: [...scriptPackages, ...options.without].sort() };
}

async function prepareJob(apt: Apt, recipe: Recipe): Promise<Job> {
  const packages = await resolvePackages(apt, packageRequest(recipe));
  const identity = [
    builderVersion,
    process.env['SOURCE_DATE_EPOCH'] ?? null,
    recipe.name,
    recipe.options,
    recipe.files.map(({ path, executable, sha256 }) => [path, executable, sha256]),
    packages.map(({ fileName, sha256 }) => [fileName, sha256]),
  ];
  return { recipe, packages, key: createHash('sha256').update(JSON.stringify(identity)).digest('hex') };
}

interface Workshop {
  readonly apt: Apt;
  readonly cache: string;
  readonly images: string;
  readonly onProgress: (line: string) => void;
}

async function buildMissing(jobs: readonly Job[], { apt, cache, images, onProgress }: Workshop): Promise<void> {
  const packages = new Map(jobs.flatMap((job) => job.packages).map((file) => [file.fileName, file]));
  const store = join(cache, 'packages');
  const totalBytes = [...packages.values()].reduce((sum, file) => sum + file.sizeBytes, 0);
  onProgress(`fetching ${packages.size} packages, ${megabytes(totalBytes)}`);
  await downloadPackages(apt, [...packages.values()], store);
  const work = await mkdtemp(join(cache, '.build-'));
  try {
    await mkdir(join(work, 'packages'));
    onProgress(`unpacking ${packages.size} packages`);
    await inParallel([...packages.values()], 2, async (file) => {
      await runCommand('dpkg-deb', ['-x', join(store, file.fileName), join(work, 'packages', file.name)]);
    });
    const architecture = await machineArchitecture();
    await inParallel(jobs, 2, async (job) => {
      const built = await buildImage(job, join(work, job.recipe.name), {
        packages: join(work, 'packages'),
        images,
        architecture,
      });
      onProgress(`${job.recipe.name}: built ${built.reference}, ${megabytes(built.sizeBytes)}`);
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function buildImage(
  job: Job,
  work: string,
  places: { readonly packages: string; readonly images: string; readonly architecture: string },
): Promise<StoredImage> {
  const { recipe } = job;
  const root = join(work, 'root');
  await mkdir(root, { recursive: true });
  const unpacked = new Map(job.packages.map((file) => [file.name, join(places.packages, file.name)]));
  const tree = await mergePackages(unpacked, join(work, 'packages'));
  const newest = await assembleRoot(recipe, tree, root);
  const declared = process.env['SOURCE_DATE_EPOCH'];
  const reference = `berth/${recipe.name}:${recipe.options.version}`;
  const temporary = join(work, 'image.tar');
  const { imageId, sizeBytes } = await writeImageArchive({
    root,
    reference,
    config: imageConfig(recipe),
    architecture: places.architecture,
    epochSeconds: declared === undefined ? newest : Number(declared),
    work: join(work, 'archive'),
    archive: temporary,
  });
  const stored: StoredImage = { name: recipe.name, reference, imageId, sizeBytes };
  const { archive, facts } = storedPaths(places.images, job);
  await rename(temporary, archive);
  // The facts make the archive count as built, so they come last.
  await writeFile(`${facts}.${process.pid}`, JSON.stringify(stored));
  await rename(`${facts}.${process.pid}`, facts);
  return stored;
}

type StoredImage = Pick<BuiltImage, 'name' | 'reference' | 'imageId' | 'sizeBytes'>;

function storedPaths(images: string, job: Job): { archive: string; facts: string } {
  const base = join(images, `${job.recipe.name}-${job.key.slice(0, 16)}`);
  return { archive: `${base}.tar`, facts: `${base}.json` };
}

async function readBuilt(images: string, job: Job): Promise<Omit<BuiltImage, 'cached'> | undefined> {
  const { archive, facts } = storedPaths(images, job);
  try {
    await stat(archive);
    return { ...(JSON.parse(await readFile(facts, 'utf8')) as StoredImage), archive };
  } catch {
    return undefined;
  }
}

/** What the recipe's containers run when nothing else is said. Pure. */
export function imageConfig({ name, options }: Recipe): ImageConfig {
  const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', ...options.environment };
  return {
    Env: Object.entries(environment).map(([key, value]) => `${key}=${value}`),
    ...(options.entrypoint === undefined ? {} : { Entrypoint: options.entrypoint }),
    ...(options.command === undefined ? {} : { Cmd: options.command }),
    ...(options.user === undefined ? {} : { User: options.user }),
    Labels: { 'org.opencontainers.image.title': name, 'org.opencontainers.image.version': options.version },
  };
}

async function filterAsync<T>(items: readonly T[], test: (item: T) => Promise<boolean>): Promise<T[]> {
  const verdicts = await Promise.all(items.map(test));
  return items.filter((_, index) => verdicts[index] === true);
}

async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    }),
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
