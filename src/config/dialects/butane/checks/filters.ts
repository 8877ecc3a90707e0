import type { Place } from '../../../place.ts';
import type { FieldFilter } from '../spec/filters.ts';
import type { Traced, TracedRecord } from '../traced.ts';

/** Reports the parts of an Ignition config that the variant does not allow; `at` is the place of a part of it. */
export function checkFilters(
  ignition: TracedRecord,
  filters: readonly FieldFilter[],
  at: (value: Traced) => Place,
): void {
  const byPath = new Map(filters.map((filter) => [filter.path, filter]));
  const walk = (value: Traced, path: string): void => {
    const filter = byPath.get(path);
    if (filter !== undefined) {
      if (!isEmpty(value, filter.allowsEmpty === true)) at(value).error('not-supported', filter.why, undefined, 'key');
      return;
    }
    if (value.kind === 'list') for (const item of value.items) walk(item, path);
    if (value.kind !== 'record') return;
    for (const [key, member] of value.fields) walk(member, path === '' ? key : `${path}.${key}`);
  };
  walk(ignition, '');
}

function isEmpty(value: Traced, allowsEmpty: boolean): boolean {
  if (value.kind === 'list') return value.items.length === 0;
  if (value.kind === 'record') return [...value.fields.values()].every((member) => isEmpty(member, allowsEmpty));
  return allowsEmpty && (value.value === '' || value.value === 0 || value.value === false);
}
