import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiContainerDetails } from './docker-api.ts';
import { type DockerConnection, segment } from './docker-connection.ts';

/** Sends the stop signal, then kills after the grace; resolves when the engine has cleared up. */
export async function stopContainer(
  connection: DockerConnection,
  id: string,
  graceSeconds: number,
  signal?: AbortSignal,
): Promise<void> {
  await connection.json({
    what: `stop container ${id}`,
    method: 'POST',
    path: `/containers/${segment(id)}/stop`,
    query: { t: Math.max(0, Math.round(graceSeconds)) },
    signal,
    accept: [404],
  });
}

/**
 * As {@link stopContainer}, but where the first process can be watched from here, resolves when the kernel has reaped it: with
 * it, its PID namespace and every process in it are gone (pid_namespaces(7)). dockerd's own clearing up takes 30 ms more, in
 * which a successor can start already. Containers that hold ports, or share a PID namespace, are waited for in full.
 */
export async function vacateContainer(
  connection: DockerConnection,
  id: string,
  graceSeconds: number,
  signal?: AbortSignal,
): Promise<void> {
  const found = await connection.json<ApiContainerDetails>({
    what: `inspect container ${id}`,
    method: 'GET',
    path: `/containers/${segment(id)}/json`,
    signal,
    accept: [404],
  });
  const pid = found === undefined ? undefined : await watchablePid(found);
  const stopping = stopContainer(connection, id, graceSeconds, signal);
  if (pid === undefined) {
    await stopping;
    return;
  }
  const over = new AbortController();
  try {
    await Promise.race([stopping, exited(pid, over.signal)]);
  } finally {
    over.abort();
    // What goes wrong after the processes are gone shows at the next call for this container.
    stopping.catch(() => undefined);
  }
}

/** The first process of a container that runs on this kernel and has a PID namespace, but no ports, of its own. */
async function watchablePid({ Id, State, HostConfig }: ApiContainerDetails): Promise<number | undefined> {
  const holdsPorts = HostConfig.NetworkMode !== 'host' && HostConfig.NetworkMode !== 'none';
  if (State.Pid === 0 || holdsPorts || HostConfig.PidMode !== '') return undefined;
  // An engine behind the socket may be another machine's: the process must say that it is this container's.
  const group = await readFile(`/proc/${State.Pid}/cgroup`, 'utf8').catch(() => '');
  return group.includes(Id) ? State.Pid : undefined;
}

/** Resolves when the process is no more, or when the signal aborts. Looks often at first, then less. */
async function exited(pid: number, signal: AbortSignal): Promise<void> {
  for (let pauseMs = 1; !signal.aborted; pauseMs = Math.min(pauseMs * 1.2, 50)) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
