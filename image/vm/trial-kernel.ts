import { constants } from 'node:fs';
import { access, lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuiltOs } from '../os/build.ts';
import type { VmArchitecture } from './vm-spec.ts';

/** Where kernels may be that KVM can be tried with. */
export interface TrialKernels {
  readonly architecture: VmArchitecture;
  /** The one that came with the VM's image; it need not be there. */
  readonly own: string;
  /** Where images are built. */
  readonly cacheDirectory: string;
  /** The one that this machine runs; it need not be there, nor be for us. */
  readonly running: string;
}

/** A kernel to try KVM with, whichever: it only has to come up. A disk image that somebody named holds none that can be taken out. */
export async function trialKernel(kernels: TrialKernels): Promise<string | undefined> {
  for (const path of [kernels.own, ...(await builtKernels(kernels)), kernels.running]) {
    const isForUs = await access(path, constants.R_OK).then(
      () => true,
      () => false,
    );
    if (isForUs) return path;
  }
  return undefined;
}

/** Kernels of images that were built here, the one that was used last first. */
async function builtKernels({ cacheDirectory, architecture }: TrialKernels): Promise<string[]> {
  const store = join(cacheDirectory, 'os');
  const names = await readdir(store).catch(() => []);
  const found = await Promise.all(names.map(async (name) => builtKernel(join(store, name), architecture)));
  return found
    .filter((one) => one !== undefined)
    .toSorted((a, b) => b.usedMs - a.usedMs)
    .map(({ path }) => path);
}

async function builtKernel(
  directory: string,
  architecture: VmArchitecture,
): Promise<{ readonly path: string; readonly usedMs: number } | undefined> {
  try {
    const facts = JSON.parse(await readFile(join(directory, 'facts.json'), 'utf8')) as Partial<BuiltOs>;
    // Debian ends a kernel's release with its architecture.
    if (facts.kernelRelease?.endsWith(`-${architecture}`) !== true) return undefined;
    return { path: join(directory, 'vmlinuz'), usedMs: (await lstat(directory)).mtimeMs };
  } catch {
    // It is being built, or being removed.
    return undefined;
  }
}
