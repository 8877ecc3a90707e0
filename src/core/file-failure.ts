import { BerthError, type ErrorCode } from './errors.ts';

/** What the system says of a file, in words that go on from its path, and what to do. */
type Answer = readonly [code: ErrorCode, words: string, hint: string];

const elsewhere = 'name another place';
const rights = 'sudo, or change its owner or mode (ls -ld shows both)';

const answers: Readonly<Record<string, Answer>> = {
  ENOENT: ['NOT_FOUND', 'is not there', 'is its name right? A folder to write into has to be there'],
  ENOTDIR: ['HOST_REFUSED', 'is no folder, or lies below what is none', elsewhere],
  EISDIR: ['HOST_REFUSED', 'is a folder', 'name a file'],
  EEXIST: ['HOST_REFUSED', 'is there already, and is something else', elsewhere],
  ENOTEMPTY: ['HOST_REFUSED', 'is a folder that is not empty', elsewhere],
  EACCES: ['HOST_REFUSED', 'may not be used: permission denied', rights],
  EPERM: ['HOST_REFUSED', 'may not be changed: not permitted', rights],
  EROFS: ['HOST_REFUSED', 'cannot be written: its file system is read-only', elsewhere],
  ENOSPC: ['DISK_FULL', 'cannot be written: no space is left there', `make room, or ${elsewhere}`],
  EDQUOT: ['DISK_FULL', 'cannot be written: the quota is used up', `make room, or ${elsewhere}`],
  EFBIG: ['HOST_REFUSED', 'cannot be written: its file system takes no file of that size', elsewhere],
  EIO: ['HOST_REFUSED', 'cannot be read or written: the disk fails (dmesg tells more)', elsewhere],
  ENAMETOOLONG: ['HOST_REFUSED', 'has a name that is too long', elsewhere],
  ELOOP: ['HOST_REFUSED', 'is a link that leads back to itself', elsewhere],
  EXDEV: ['HOST_REFUSED', 'is on another file system', elsewhere],
  ETXTBSY: ['BUSY', 'is a program that runs', 'try again once it has ended'],
  EBUSY: ['BUSY', 'is in use', 'try again once it is not'],
  EMFILE: ['BUSY', 'cannot be opened: too many files are open', 'ulimit -n raises how many may be'],
};

/** What is known of a failure of the system; of every other thing that is thrown, nothing. */
interface Facts {
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly path?: unknown;
  /** Where something was to be copied, linked or moved to. */
  readonly dest?: unknown;
}

/** Codes that are about the place that something is to come to. */
const ofTarget: ReadonlySet<string> = new Set(['EROFS', 'ENOSPC', 'EDQUOT', 'EEXIST', 'EISDIR']);

/** The code of the system's error (`ENOENT`, …), or of Node's own; undefined: it has none. Pure. */
export function errnoOf(error: unknown): string | undefined {
  const { code } = factsOf(error);
  return typeof code === 'string' ? code : undefined;
}

/** What was asked of the system; empty when it does not say. Pure. */
export function syscallOf(error: unknown): string {
  const { syscall } = factsOf(error);
  return typeof syscall === 'string' ? syscall : '';
}

/** The path that an error of the system is about; undefined when it does not say. Pure. */
export function pathOf(error: unknown): string | undefined {
  const { path, dest } = factsOf(error);
  const isOfTarget = syscallOf(error) === 'rename' || ofTarget.has(errnoOf(error) ?? '');
  const named = isOfTarget && dest !== undefined ? dest : path;
  return typeof named === 'string' ? named : undefined;
}

/**
 * What the system refused to do with a file, as an expected failure: the one place where its error codes become ours. Undefined for
 * every other error. Pure.
 * @param path what the failure is told of; without it, of what the error names.
 */
export function fileFailure(error: unknown, path: string | undefined = pathOf(error)): BerthError | undefined {
  // Of a program that is not there, the path is its name.
  if (error instanceof BerthError || syscallOf(error).startsWith('spawn')) return undefined;
  const answer = answers[errnoOf(error) ?? ''];
  // Without a path it may be a socket's.
  if (answer === undefined || (path === undefined && answer[0] !== 'DISK_FULL')) return undefined;
  const [code, words, hint] = answer;
  return new BerthError(code, `${path ?? 'a file'} ${words}`, { cause: error, hint });
}

function factsOf(error: unknown): Facts {
  return typeof error === 'object' && error !== null ? error : {};
}
