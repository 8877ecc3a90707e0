import { mkdir, readFile, realpath, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMissing } from '../../src/engine/durable-file.ts';
import { sysDirectory } from '../../src/host/storage/device-node.ts';

/** Bytes a second, each way: an ordinary disk of a cloud. */
export const slowDiskBytes = 250e6;

/** Lets programs use a disk at a limited speed only. */
export interface SlowDisk {
  /** The command that runs a command so. */
  readonly slowed: (command: readonly string[]) => string[];
  /** Once its programs have ended. */
  readonly remove: () => Promise<void>;
}

const [v1, v2] = ['/sys/fs/cgroup/blkio', '/sys/fs/cgroup'];
const name = 'berth-bench';

/**
 * A control group for the disk that a directory is on (kernel documentation, cgroup-v1/blkio-controller and cgroup-v2 "io.max").
 * Undefined where the kernel's groups do not limit disks.
 */
export async function slowDisk(directory: string): Promise<SlowDisk | undefined> {
  const disk = await diskOf(directory);
  const isV1 = await exists(join(v1, 'blkio.throttle.read_bps_device'));
  if (!isV1 && !(await readFile(join(v2, 'cgroup.controllers'), 'utf8').catch(() => '')).split(/\s/).includes('io'))
    return undefined;
  if (!isV1) await writeFile(join(v2, 'cgroup.subtree_control'), '+io');
  const group = join(isV1 ? v1 : v2, name);
  await mkdir(group, { recursive: true });
  if (isV1)
    for (const way of ['read', 'write'])
      await writeFile(join(group, `blkio.throttle.${way}_bps_device`), `${disk} ${slowDiskBytes}`);
  else await writeFile(join(group, 'io.max'), `${disk} rbps=${slowDiskBytes} wbps=${slowDiskBytes}`);
  return {
    slowed: (command) => ['sh', '-c', `echo $$ > ${join(group, 'cgroup.procs')} && exec "$@"`, 'sh', ...command],
    remove: async () => rmdir(group),
  };
}

/** `MAJOR:MINOR` of the whole disk: a partition has no limit of its own. */
async function diskOf(directory: string): Promise<string> {
  const device = await realpath(sysDirectory((await stat(directory)).dev));
  const whole = (await exists(join(device, 'partition'))) ? dirname(device) : device;
  return (await readFile(join(whole, 'dev'), 'utf8')).trim();
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
}
