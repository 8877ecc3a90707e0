import { mkdir, stat } from 'node:fs/promises';
import { BerthError } from '../core/errors.ts';
import type { MountConfig } from '../engine/container-engine.ts';

/** What Berth's own user engine, a container itself, sees of the machine's files at their own paths. */
export interface EngineView {
  /** Absolute, each below the root. */
  readonly directories: readonly string[];
  /**
   * One of them in whose place it sees an empty directory. Bind mounts from below it work all the same: runc, which works
   * outside, makes them. Only the engine's own look at the source is Berth's to do.
   */
  readonly blindSpot?: string;
}

/** The source of a bind mount that Berth looks after in the engine's place. */
export interface HostSource {
  readonly path: string;
  /** Make a directory of it when it is missing. */
  readonly create: boolean;
}

/** In the engine's image, too: what it finds there decides. */
const ownDirectories: readonly string[] = ['/bin', '/lib', '/lib32', '/lib64', '/sbin', '/usr'];

/** Bind mounts as that engine can be given them, and what is left for Berth to do. Pure. */
export function sourcesOf(
  mounts: readonly MountConfig[],
  { directories, blindSpot }: EngineView,
): { readonly mounts: readonly MountConfig[]; readonly sources: readonly HostSource[]; readonly problems: string[] } {
  const sources: HostSource[] = [];
  const problems: string[] = [];
  const given = mounts.map((mount): MountConfig => {
    const { type, source, createSource = false } = mount;
    if (type !== 'bind' || source === undefined || source === '/') return mount;
    if (blindSpot !== undefined && isBelow(source, blindSpot)) {
      sources.push({ path: source, create: createSource });
      // It makes an empty directory of that name for itself; the container gets the real one.
      return { ...mount, createSource: true };
    }
    if (![...directories, ...ownDirectories].some((directory) => isBelow(source, directory)))
      problems.push(
        `mounts ${source}, which Berth's user engine does not see: it must be below one of ${directories.join(', ')}`,
      );
    return mount;
  });
  return { mounts: given, sources, problems };
}

/** Makes sure of a bind mount's source. Throws NOT_FOUND when it is missing and not to be made. Safe to repeat. */
export async function ensureHostSource({ path, create }: HostSource): Promise<void> {
  if ((await stat(path).catch(() => undefined)) !== undefined) return;
  if (!create)
    throw new BerthError('NOT_FOUND', `the bind mount's source ${path} does not exist on this machine`, {
      retryable: true,
      hint: 'create it, or have a directory made: bind: {create_host_path: true}',
    });
  await mkdir(path, { recursive: true });
}

/** True for a directory itself, too. Pure. */
export function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
