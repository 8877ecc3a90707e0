import { resolve } from 'node:path';
import { BerthError, isBerthError } from '../../core/errors.ts';
import type { Cli } from '../context.ts';

/**
 * Changes a repository while no other command does. Throws BUSY, NOT_FOUND when there is no repository, CANCELLED when a person
 * stopped it.
 */
export async function changing<Result>(
  cli: Cli,
  repository: string,
  command: string,
  work: (directory: string) => Promise<Result>,
): Promise<Result> {
  const { requireRepository } = await import('../../update/repository/repository.ts');
  await requireRepository(resolve(cli.context.cwd, repository));
  return locking(cli, repository, command, work);
}

/** {@link changing} for what may make the repository; its directory has to be there. */
export async function locking<Result>(
  { context }: Cli,
  repository: string,
  command: string,
  work: (directory: string) => Promise<Result>,
): Promise<Result> {
  const { withRepositoryLock } = await import('../../update/repository/repository-lock.ts');
  const directory = resolve(context.cwd, repository);
  try {
    return await withRepositoryLock(directory, { command, nowMs: context.clock.now() }, async () => work(directory));
  } catch (cause) {
    if (!context.signal.aborted || isBerthError(cause)) throw cause;
    throw new BerthError('CANCELLED', `"${command}" was stopped`, {
      cause,
      hint: `"berth release show ${repository}" says what hosts see; the same command again completes it`,
    });
  }
}
