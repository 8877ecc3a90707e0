import { BerthError } from '../../core/errors.ts';
import type { TopRole } from './documents.ts';

/** Roles that the root names keys for, by what they are called here: "release keygen" makes one key for two of them. */
const topRoles: Readonly<Record<string, readonly TopRole[]>> = {
  root: ['root'],
  targets: ['targets'],
  snapshot: ['snapshot'],
  timestamp: ['timestamp'],
  online: ['snapshot', 'timestamp'],
};

/** The folder of all releases' files, beside those of the channels. */
const blobs = 'blobs';

/** What the root calls a role, where it names its keys; undefined: it is a channel. Pure. */
export function rolesOfRoot(name: string): readonly TopRole[] | undefined {
  return Object.hasOwn(topRoles, name) ? topRoles[name] : undefined;
}

/** Whether a name is that of a role which is no channel. Pure. */
export function isRoleName(name: string): boolean {
  return rolesOfRoot(name) !== undefined;
}

/** The name of a channel that is to be: a part of file names and of patterns. Pure. Throws USAGE; `where` says where it stands. */
export function requireChannelName(name: string, where: string): string {
  if (/^[a-z][a-z0-9]{0,31}$/.test(name) && !isRoleName(name) && name !== blobs) return name;
  throw new BerthError('USAGE', `${where}: "${name}" cannot be the name of a channel`, {
    hint: `it has at most 32 small letters and digits, begins with a letter, and is none of ${[...Object.keys(topRoles), blobs].join(', ')}`,
  });
}
