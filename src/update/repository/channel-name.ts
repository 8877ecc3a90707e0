import { BerthError } from '../../core/errors.ts';

/** What the keys of a repository are called that are no channel's; `online` signs snapshot and timestamp. */
const roles: readonly string[] = ['root', 'targets', 'snapshot', 'timestamp', 'online'];

/** The folder of all releases' files, beside those of the channels. */
const blobs = 'blobs';

/** Whether a name is that of a role which is no channel. Pure. */
export function isRoleName(name: string): boolean {
  return roles.includes(name);
}

/** The name of a channel that is to be: a part of file names and of patterns. Pure. Throws USAGE; `where` says where it stands. */
export function requireChannelName(name: string, where: string): string {
  if (/^[a-z][a-z0-9]{0,31}$/.test(name) && !isRoleName(name) && name !== blobs) return name;
  throw new BerthError('USAGE', `${where}: "${name}" cannot be the name of a channel`, {
    hint: `it has at most 32 small letters and digits, begins with a letter, and is none of ${[...roles, blobs].join(', ')}`,
  });
}
