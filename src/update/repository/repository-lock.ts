import { randomUUID } from 'node:crypto';
import { readFile, readlink, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { BerthError, isBerthError, messageOf } from '../../core/errors.ts';
import { identifyProcess, isAlive } from '../../engine/detached-process.ts';
import { createWhole, isMissing } from '../../engine/durable-file.ts';

/** The lock's file in a repository's directory. */
export const lockName = '.lock';

/** What stands in it, as JSON: which process is at work, and by what it is told from others. */
const holderSchema = z.object({
  /** Of this lock: no other one has it. */
  id: z.string().min(1),
  pid: z.int().positive(),
  /** As {@link identifyProcess} has them. */
  startTicks: z.string(),
  bootId: z.string(),
  /** In which its pid means something. */
  pidNamespace: z.string(),
  /** The machine id; empty where there is none, as in some containers. */
  machine: z.string(),
  host: z.string(),
  command: z.string(),
  /** ISO time. */
  since: z.string(),
});
type Holder = z.infer<typeof holderSchema>;

export interface LockOptions {
  /** For whoever comes meanwhile: `publish`. */
  readonly command: string;
  readonly nowMs: number;
}

/**
 * Does what changes a repository while nobody else does. The lock of a process that is gone is taken over, by one of those who see
 * it: the process was killed, or its machine has booted since. Throws BUSY while another process is at work, also on another
 * machine, HOST_REFUSED when the directory takes no file.
 */
export async function withRepositoryLock<Result>(
  directory: string,
  { command, nowMs }: LockOptions,
  work: () => Promise<Result>,
): Promise<Result> {
  const own = { ...(await ownIdentity()), command, since: new Date(nowMs).toISOString() };
  return withLock(directory, join(directory, lockName), own, work);
}

type OwnIdentity = Omit<Holder, 'id'>;

async function ownIdentity(): Promise<Omit<OwnIdentity, 'command' | 'since'>> {
  const pidNamespace = await readlink('/proc/self/ns/pid');
  const machine = (await readFile('/etc/machine-id', 'utf8').catch(() => '')).trim();
  return { ...identifyProcess(process.pid), pidNamespace, machine, host: hostname() };
}

async function withLock<Result>(
  directory: string,
  path: string,
  own: OwnIdentity,
  work: () => Promise<Result>,
): Promise<Result> {
  const id = randomUUID();
  await acquire(directory, path, { ...own, id }).catch((cause: unknown) => {
    if (isBerthError(cause)) throw cause;
    throw new BerthError('HOST_REFUSED', `${path} cannot be made: ${messageOf(cause)}`, { cause });
  });
  try {
    return await work();
  } finally {
    // Should it stay after all, it is stale once this process has ended.
    await giveBack(path, id).catch(() => undefined);
  }
}

/** Between a look at the lock and the next one others may have come and gone; not for ever. */
const mostTries = 10;

async function acquire(directory: string, path: string, own: Holder): Promise<void> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    if (await createWhole(path, `${path}.${own.id}`, `${JSON.stringify(own)}\n`, 0o644)) return;
    const holder = await holderIn(path);
    if (holder === undefined) continue;
    // The file system's answer was lost.
    if (holder !== 'unreadable' && holder.id === own.id) return;
    if (holder === 'unreadable' || !isGone(holder, own)) throw busy(directory, path, holder, own);
    // Only who holds this second lock takes the first one away, and only if it is the stale one still.
    await withLock(directory, `${path}.over`, own, async () => giveBack(path, holder.id));
  }
  throw new BerthError('BUSY', `other commands are at work on ${directory}`, { retryable: true });
}

async function giveBack(path: string, id: string): Promise<void> {
  const holder = await holderIn(path);
  if (holder === undefined || holder === 'unreadable' || holder.id !== id) return;
  await unlink(path);
}

async function holderIn(path: string): Promise<Holder | 'unreadable' | undefined> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (error instanceof SyntaxError || error instanceof z.ZodError) return 'unreadable';
    throw error;
  }
}

/** Whether it is certain that a process is gone. */
function isGone(holder: Holder, own: OwnIdentity): boolean {
  if (isNeighbour(holder, own)) return !isAlive(holder);
  return holder.bootId !== own.bootId && holder.host === own.host && holder.machine === own.machine;
}

/** Whether its pid means the same to it and to us. */
function isNeighbour(holder: Holder, own: OwnIdentity): boolean {
  return holder.bootId === own.bootId && holder.pidNamespace === own.pidNamespace;
}

function busy(directory: string, path: string, holder: Holder | 'unreadable', own: OwnIdentity): BerthError {
  if (holder === 'unreadable') {
    return new BerthError('BUSY', `${path} does not say which command is at work on ${directory}`, {
      retryable: true,
      hint: `when none is, remove ${path}`,
    });
  }
  const { pid, host, command, since } = holder;
  return new BerthError(
    'BUSY',
    `another command is at work on ${directory} (pid ${pid} on ${host}, "${command}", since ${since})`,
    {
      retryable: true,
      details: { pid, host, command, since },
      hint: isNeighbour(holder, own)
        ? 'it can be repeated once that has ended'
        : `whether it still is cannot be seen from here: when it is not, remove ${path}`,
    },
  );
}
