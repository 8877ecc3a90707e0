import { mkdir, readFile } from 'node:fs/promises';
import { BerthError, messageOf } from '../../core/errors.ts';
import { runCommand } from '../../engine/run-command.ts';
import { localBridge, localSystemBridge } from './variables.ts';

/**
 * Makes the user engine's directories ready for its container: each becomes a mount point of its own with shared
 * propagation, so that overlay and network-namespace mounts made inside the container are seen by containerd and runc
 * outside, and the other way round (mount_namespaces(7), "shared"). Do this before the `docker` service starts, in the
 * mount namespace of the system engine. Needs root. Safe to call twice.
 */
export async function prepareUserEngineRoot(
  directories: readonly string[],
  run: typeof runCommand = runCommand,
): Promise<void> {
  for (const directory of directories) {
    await mkdir(directory, { recursive: true, mode: 0o711 });
    const mount = mountAt(await readFile('/proc/self/mountinfo', 'utf8'), directory);
    if (mount === undefined) await run('mount', ['--bind', directory, directory]);
    if (mount?.shared !== true) await run('mount', ['--make-rshared', directory]);
  }
}

/** Undoes {@link prepareUserEngineRoot}, with whatever an engine left mounted below. The files stay. Safe to call twice. */
export async function releaseUserEngineRoot(
  directories: readonly string[],
  run: typeof runCommand = runCommand,
): Promise<void> {
  for (const directory of directories) {
    const points = mountPoints(await readFile('/proc/self/mountinfo', 'utf8')).filter(
      (point) => point === directory || point.startsWith(`${directory}/`),
    );
    // Deepest first. Lazily: a process that is about to end may still stand in one.
    for (const point of points.sort((a, b) => b.length - a.length))
      await run('umount', ['--lazy', point]).catch(() => undefined);
  }
}

/** Removes what {@link makeLocalBridge} and the `docker` service made on somebody's machine. Safe to call twice. */
export async function removeLocalBridges(run: typeof runCommand = runCommand): Promise<void> {
  for (const { name } of [localBridge, localSystemBridge])
    await run('ip', ['link', 'delete', name]).catch(() => undefined);
}

/**
 * Makes the system engine's bridge on somebody's machine. Safe to call twice. Needs root.
 * Throws ENGINE_START_FAILED when it cannot.
 */
export async function makeLocalBridge(run: typeof runCommand = runCommand): Promise<void> {
  const { name, address } = localSystemBridge;
  try {
    if (await run('ip', ['link', 'show', name]).catch(() => undefined)) return;
    await run('ip', ['link', 'add', name, 'type', 'bridge']);
    await run('ip', ['address', 'add', address, 'dev', name]);
  } catch (cause) {
    throw new BerthError('ENGINE_START_FAILED', `cannot make the bridge ${name}: ${messageOf(cause)}`, {
      cause,
      retryable: true,
      hint: 'apt-get install iproute2',
    });
  }
}

/** All mount points, as the kernel lists them. Pure. */
function mountPoints(mountinfo: string): string[] {
  return mountinfo.split('\n').flatMap((line) => {
    const point = line.split(' ')[4];
    return point === undefined ? [] : [unescapeOctal(point)];
  });
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
}

/**
 * What is mounted exactly at `path`: the last one wins. Pure.
 * Format: proc_pid_mountinfo(5); fields (5) mount point, octal escapes, and (7) optional tags until a dash.
 */
export function mountAt(mountinfo: string, path: string): { readonly shared: boolean } | undefined {
  let found: { shared: boolean } | undefined;
  for (const line of mountinfo.split('\n')) {
    const fields = line.split(' ');
    const point = fields[4] === undefined ? undefined : unescapeOctal(fields[4]);
    if (point !== path) continue;
    const tags = fields.slice(6, fields.indexOf('-', 6));
    found = { shared: tags.some((tag) => tag.startsWith('shared:')) };
  }
  return found;
}
