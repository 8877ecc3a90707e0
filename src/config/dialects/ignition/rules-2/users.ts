import type { Place } from '../../../place.ts';
import type { User2 } from '../model-2.ts';

const keys = [
  ...['gecos', 'groups', 'homeDir', 'noCreateHome', 'noLogInit', 'noUserGroup'],
  ...['primaryGroup', 'shell', 'system', 'uid'],
] as const;

/** From 2.1 on, what `create` had stands beside it, and not both. */
export function checkUser2(user: User2, place: Place): void {
  if (user.create === undefined) return;
  place.child('create').warn('deprecated', '"create" is outdated: its keys stand beside it now', undefined, 'key');
  for (const key of keys) {
    const value: unknown = Reflect.get(user, key);
    const isZero =
      value === undefined || value === '' || value === false || (Array.isArray(value) && value.length === 0);
    if (!isZero) place.child(key).error('conflict', `"create" and "${key}" exclude each other`, undefined, 'key');
  }
}
