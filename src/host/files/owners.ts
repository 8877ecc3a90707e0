import type { OwnershipPart } from '../../config/host-config.ts';
import type { FileState, Ownership } from '../ports.ts';

/** Numbers of users and groups by name. */
export interface Owners {
  readonly userIds: ReadonlyMap<string, number>;
  readonly groupIds: ReadonlyMap<string, number>;
}

interface Declared {
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  readonly keeps?: readonly OwnershipPart[];
}

/** The ownership of something declared, or why it cannot have it. What is there already keeps what `keeps` says. Pure. */
export function ownershipOf(
  { mode, owner, group, keeps = [] }: Declared,
  owners: Owners,
  state: FileState,
): Ownership | { readonly why: string } {
  const uid = numberOf(owner, owners.userIds);
  const gid = numberOf(group, owners.groupIds);
  if (uid === undefined || gid === undefined) {
    return { why: uid === undefined ? `there is no user ${owner}` : `there is no group ${group}` };
  }
  if (state.kind !== 'file' && state.kind !== 'directory') return { mode, uid, gid };
  return {
    mode: keeps.includes('mode') ? state.mode : mode,
    uid: keeps.includes('owner') ? state.uid : uid,
    gid: keeps.includes('group') ? state.gid : gid,
  };
}

function numberOf(name: string, numbers: ReadonlyMap<string, number>): number | undefined {
  if (name === 'root') return 0;
  return numbers.get(name) ?? (/^\d+$/.test(name) ? Number(name) : undefined);
}
