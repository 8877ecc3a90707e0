import { readdirSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Pids of every process in the same mount namespace as `pid`; none when that one is gone. */
export function mountNamespacePids(pid: number): number[] {
  const namespace = mountNamespace(pid);
  if (namespace === undefined || namespace === mountNamespace(process.pid)) return [];
  return allPids().filter((other) => mountNamespace(other) === namespace);
}

/** Pids of every process below a control group, on cgroup v1 and v2. */
export function cgroupPids(name: string): number[] {
  return allPids().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(`:/${name}/`);
    } catch {
      return false;
    }
  });
}

/** Kills the pids that `find` gives until it gives none. */
export async function killAll(find: () => number[]): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    const pids = find();
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone already.
      }
    }
    await sleep(20);
  }
}

/** Removes an empty control group tree from every hierarchy. */
export function removeCgroup(name: string): void {
  const top = '/sys/fs/cgroup';
  for (const hierarchy of ['', ...directories(top)]) removeTree(join(top, hierarchy, name));
}

function removeTree(directory: string): void {
  for (const child of directories(directory)) removeTree(join(directory, child));
  try {
    rmdirSync(directory);
  } catch {
    // Not there, or still in use: an empty group disturbs nobody.
  }
}

function directories(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function mountNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return undefined;
  }
}
