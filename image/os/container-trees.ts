import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { type PackageFile, type PackageRequest } from '../apt.ts';
import { writeImageArchive } from '../image-archive.ts';
import { mergePackages } from '../package-tree.ts';
import { type Recipe, readRecipe } from '../recipe.ts';
import { assembleRoot } from '../root-tree.ts';
import { imageConfig, packageRequest } from '../system-containers.ts';
import { mountPointsBelowUsr } from './mount-points.ts';

/**
 * The images that come with the OS. The catalogue's services run on a /usr that is part of the verified image; `busybox`, for
 * `berth debug` and the examples, is no service of the catalogue and is shipped whole.
 */
export const shippedContainers = ['busybox', 'console', 'docker', 'node-exporter', 'ntp', 'syslog'] as const;

/** What is where on the host, below /usr/lib/berth. */
export interface ContainerPlaces {
  /** The image's /usr while it is put together. */
  readonly usr: string;
  readonly work: string;
  readonly recipesDirectory: string;
  readonly architecture: string;
  /** Names of busybox' commands. */
  readonly applets: readonly string[];
}

/** A system container's packages, in the name of its recipe. */
export async function containerRequests(recipesDirectory: string): Promise<Map<string, PackageRequest>> {
  const requests = new Map<string, PackageRequest>();
  for (const name of shippedContainers) requests.set(name, packageRequest(await readRecipe(recipesDirectory, name)));
  return requests;
}

/**
 * Puts a container into the image: a service's /usr at lib/berth/containers/NAME/usr, everything else as an image archive at
 * lib/berth/images/NAME.tar, to be run with the former mounted on its /usr. What is no service is wholly in the archive.
 * @param unpacked its packages, as `unpackPackages` leaves them: files that the OS has too are the same inodes.
 * @returns the reference and where the archive will be on the host.
 */
export async function addContainer(
  name: string,
  unpacked: ReadonlyMap<string, string>,
  packages: readonly PackageFile[],
  { usr, work, recipesDirectory, architecture, applets }: ContainerPlaces,
): Promise<{ reference: string; archive: string }> {
  const recipe = await readRecipe(recipesDirectory, name);
  const root = join(work, name, 'root');
  await mkdir(root, { recursive: true });
  const own = new Map(packages.map((file) => [file.name, unpacked.get(file.name) ?? '']));
  const tree = await mergePackages(own, join(work, name, 'packages'));
  const epochSeconds = await assembleRoot(recipe, tree, root, applets);
  const serviceFile = join(recipesDirectory, name, 'service.yaml');
  if (existsSync(serviceFile)) {
    await makeMountPoints(root, recipe, serviceFile);
    const place = join(usr, 'lib/berth/containers', name);
    await mkdir(place, { recursive: true });
    await rename(join(root, 'usr'), join(place, 'usr'));
    await mkdir(join(root, 'usr'));
    const shipped = join(usr, 'lib/berth/system-containers', name, 'service.yaml');
    await mkdir(dirname(shipped), { recursive: true });
    await copyFile(serviceFile, shipped);
  }
  const reference = `berth/${name}:${recipe.options.version}`;
  const archive = `lib/berth/images/${name}.tar`;
  await mkdir(dirname(join(usr, archive)), { recursive: true });
  await writeImageArchive({
    root,
    reference,
    config: imageConfig(recipe),
    architecture,
    epochSeconds,
    work: join(work, name, 'archive'),
    archive: join(usr, archive),
  });
  return { reference, archive: `/usr/${archive}` };
}

/** What is mounted into a read-only /usr needs something to be mounted on. */
async function makeMountPoints(root: string, recipe: Recipe, serviceFile: string): Promise<void> {
  const service: unknown = parse(await readFile(serviceFile, 'utf8'));
  const directories = new Set(recipe.options.directories.map(({ path }) => path));
  for (const { path, kind } of mountPointsBelowUsr(service)) {
    const target = join(root, path);
    if (kind === 'directory' || directories.has(path)) await mkdir(target, { recursive: true });
    else {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, '');
    }
  }
}
