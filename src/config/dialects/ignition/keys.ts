import type { FieldKind } from './spec/spec-table.ts';

/** Which field tells entries of a list of structures apart. */
const keyFields = new Map<string, string>([
  ['reference', 'source'],
  ['resource', 'source'],
  ['header', 'name'],
  ['disk', 'device'],
  ['raid', 'name'],
  ['filesystem', 'device'],
  ['luks', 'name'],
  ['tang', 'url'],
  ['file', 'path'],
  ['directory', 'path'],
  ['link', 'path'],
  ['unit', 'name'],
  ['dropin', 'name'],
  ['user', 'name'],
  ['group', 'name'],
]);

/** Lists that are one as far as their entries' keys go. */
export const listGroups: ReadonlyMap<string, string> = new Map([
  ...['files', 'directories', 'links'].map((field) => [`storage.${field}`, 'node'] as const),
  ...['shouldExist', 'shouldNotExist'].map((field) => [`kernelArguments.${field}`, 'argument'] as const),
]);

/** Lists whose entries may be the same; merging appends them. */
export const mayRepeat: ReadonlySet<string> = new Set([
  'file.append',
  'filesystem.options',
  'filesystem.mountOptions',
  'raid.options',
  'luks.options',
]);

/** What an entry of a list is known by. */
export function keyOf(kind: FieldKind, item: unknown): string {
  if (typeof item === 'string') return item;
  const name = kind.kind === 'list' ? kind.of : '';
  const field = (key: string): unknown => Reflect.get(item as object, key);
  if (name === 'partition') {
    const [number, label] = [field('number'), field('label')];
    if (typeof number === 'number' && number !== 0) return `number:${number}`;
    return typeof label === 'string' ? `label:${label}` : '';
  }
  const value = field(keyFields.get(name) ?? '');
  return typeof value === 'string' ? value : '';
}
