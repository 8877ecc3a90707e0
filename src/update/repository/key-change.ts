import { BerthError } from '../../core/errors.ts';
import type { RoleDocument } from './documents.ts';
import type { PublicKey } from './key-file.ts';

/** What is to change about the keys of a role. */
export interface KeyChange {
  readonly add: readonly PublicKey[];
  /** Ids, or how they begin. */
  readonly remove: readonly string[];
  readonly threshold?: number;
}

/** How far a change has come: it is to be made, it waits for signatures, or hosts see it. */
export type Progress = 'new' | 'waiting' | 'published';

/**
 * A role with other keys. Pure. Throws USAGE when too few keys would be left.
 * @param removed whole ids, as {@link keysToRemove} gives them.
 */
export function withKeys<Role extends RoleDocument>(
  name: string,
  role: Role,
  { add, threshold }: KeyChange,
  removed: ReadonlySet<string>,
): Role {
  const kept = role.keyids.filter((id) => !removed.has(id));
  const keyids = [...new Set([...kept, ...add.map(({ id }) => id)])];
  const needed = threshold ?? role.threshold;
  if (needed >= 1 && keyids.length >= needed) return { ...role, keyids, threshold: needed };
  throw new BerthError('USAGE', `${name} would have ${keyids.length} keys and need ${needed} signatures`);
}

/**
 * The ids that are meant, each by its beginning. Pure. Throws NOT_FOUND when no key has it, USAGE when several do.
 * @param keyids of the role: those that hosts know, and those that it is to have.
 */
export function keysToRemove(name: string, starts: readonly string[], keyids: ReadonlySet<string>): Set<string> {
  return new Set(starts.map((start) => keyToRemove(name, start, [...keyids])));
}

function keyToRemove(name: string, start: string, keyids: readonly string[]): string {
  const theirs = { hint: `its keys: ${keyids.join(', ')}` };
  if (start === '') throw new BerthError('USAGE', `--remove names no key of ${name}: it is empty`, theirs);
  const found = keyids.filter((id) => id.startsWith(start));
  const [id] = found;
  if (id === undefined) throw new BerthError('NOT_FOUND', `${name} has no key ${start}`, theirs);
  if (found.length === 1) return id;
  throw new BerthError('USAGE', `--remove ${start} could be ${found.length} keys of ${name}`, {
    hint: `more of the id says which: ${found.join(', ')}`,
  });
}

/** How far roles have come on their way to be as `wanted`, in the same order. Pure. */
export function progressOf(
  wanted: readonly RoleDocument[],
  newest: readonly RoleDocument[],
  published: readonly (RoleDocument | undefined)[],
): Progress {
  const areIn = (others: readonly (RoleDocument | undefined)[]): boolean =>
    wanted.every((role, index) => isSame(role, others[index]));
  if (!areIn(newest)) return 'new';
  return areIn(published) ? 'published' : 'waiting';
}

function isSame(role: RoleDocument, other: RoleDocument | undefined): boolean {
  const [ids, others] = [new Set(role.keyids), new Set(other?.keyids)];
  return role.threshold === other?.threshold && ids.symmetricDifference(others).size === 0;
}

/** Those keys that a role still has. Pure. */
export function listedKeys<Key>(
  keys: Readonly<Record<string, Key>>,
  added: readonly { readonly id: string; readonly document: Key }[],
  roles: readonly { readonly keyids: readonly string[] }[],
): Record<string, Key> {
  const all = { ...keys, ...Object.fromEntries(added.map(({ id, document }) => [id, document])) };
  const used = new Set(roles.flatMap(({ keyids }) => keyids));
  return Object.fromEntries(Object.entries(all).filter(([id]) => used.has(id)));
}
