import { type Diagnostic, formatPath } from '../../core/diagnostic.ts';
import type { SourcePosition } from '../dialects/dialect.ts';
import { type ConfigChange, diffConfigs } from '../diff.ts';
import type { HostConfig } from '../host-config.ts';

/**
 * What a written config does not say that the config it was written from says: one warning for each, at the place that
 * declared it. `back`: the written text, read again. Pure.
 */
export function notCarriedOver(
  config: HostConfig,
  back: HostConfig,
  file: string,
  sources: ReadonlyMap<string, SourcePosition>,
): Diagnostic[] {
  const [before, after] = [comparable(config), comparable(back)];
  const named = diffConfigs(before, after);
  const changes: readonly ConfigChange[] =
    named.length > 0 ? named : differences(before, after).map((key) => ({ key, change: 'changed' }));
  const [entries, entriesAfter] = [entriesOf(before), entriesOf(after)];
  return changes.map(({ key, change }) => {
    const { line, column, file: declared } = positionOf(key, sources) ?? { file, line: 0, column: 0 };
    const message = `"${key}" ${phrases[change]}${detail(entries.get(key), entriesAfter.get(key))}`;
    return {
      file: declared,
      line,
      column,
      path: key,
      severity: 'warning',
      code: 'not-carried-over',
      message,
      hint: null,
    };
  });
}

/** A file that keeps nothing of the one before it, or takes the place of another, is one of which that is not said. */
function comparable(config: HostConfig): HostConfig {
  const files = config.files.map(({ keeps, existing, ...file }) => ({
    ...file,
    ...(keeps?.length ? { keeps } : {}),
    ...(existing === undefined || existing === 'replace' ? {} : { existing }),
  }));
  return { ...config, files };
}

const phrases: Readonly<Record<ConfigChange['change'], string>> = {
  removed: 'cannot be said in #cloud-config, and is left out',
  changed: 'cannot be said in #cloud-config as it is, and becomes something else',
  added: 'comes with what is written for something else',
};

/** Fields whose names say nothing to who wrote the config. */
const fieldPhrases: Readonly<Record<string, string>> = {
  existing: 'a file that is there already is overwritten',
};

/** Which fields of an entry differ; their values may be secrets. */
function detail(before: object | undefined, after: object | undefined): string {
  if (before === undefined || after === undefined) return '';
  const parts = differences(before, after)
    .map((path) => path.replace(/[.[].*$/, ''))
    .map((name) => fieldPhrases[name] ?? name);
  return parts.length === 0 ? '' : `: ${[...new Set(parts)].join(', ')}`;
}

/** Entries of lists by the key that they are called by; the last one of several. */
function entriesOf({ users, groups, files, storage, mounts }: HostConfig): Map<string, object> {
  const called = (key: string, name: string): string => formatPath([key, name]);
  return new Map<string, object>([
    ...users.map((user) => [called('users', user.name), user] as const),
    ...groups.map((group) => [called('groups', group.name), group] as const),
    ...files.map((file) => [called('write_files', file.path), file] as const),
    ...mounts.map((mount) => [called('mounts', mount.target), mount] as const),
    ...storage.disks.map((disk) => [called('disk_setup', disk.device), disk] as const),
    ...storage.filesystems.map((filesystem) => [called('fs_setup', filesystem.device), filesystem] as const),
  ]);
}

/** Of a key, or of the nearest one above it that was declared. */
function positionOf(key: string, sources: ReadonlyMap<string, SourcePosition>): SourcePosition | undefined {
  let name = key;
  while (name !== '') {
    const position = sources.get(name);
    if (position !== undefined) return position;
    const parent = name.replace(/(\.[\w-]+|\["[^"]*"\]|\[\d+\])$/, '');
    name = parent === name ? '' : parent;
  }
  return undefined;
}

/** Formatted paths of values that differ. */
function differences(before: unknown, after: unknown, path: readonly (string | number)[] = []): string[] {
  if (before === after) return [];
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null)
    return [formatPath(path)];
  const [old, current] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  return [...new Set([...old.keys(), ...current.keys()])].flatMap((key) =>
    differences(old.get(key), current.get(key), [...path, Array.isArray(before) ? Number(key) : key]),
  );
}
