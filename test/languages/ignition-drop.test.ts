import { expect, test } from '@jest/globals';
import { parseConfig } from '../../src/config/parse.ts';
import { acceptedConfigs, ignitionCorpus } from './support/ignition-corpus.ts';

type Path = readonly (string | number)[];

test('no leaf of a config is dropped in silence', async () => {
  const configs = await acceptedConfigs(await ignitionCorpus());
  const dropped: string[] = [];
  let [files, leaves] = [0, 0];
  for (const { name, text } of configs) {
    const value: unknown = JSON.parse(text);
    files += 1;
    const before = outcome(value);
    for (const path of leavesOf(value)) {
      if (isUnknown(before.unknown, path)) continue;
      leaves += 1;
      const isSeen = [without(value, path), changed(value, path)].some((other) => outcome(other).text !== before.text);
      if (!isSeen) dropped.push(`${name}: ${path.join('.')}`);
    }
  }
  process.stderr.write(`Ignition: ${leaves} leaves of ${files} configs, ${dropped.length} dropped in silence\n`);
  expect(files).toBeGreaterThan(200);
  expect(dropped).toEqual([]);
});

/** What comes of a config, places aside: they move when something else does. */
function outcome(value: unknown): { readonly text: string; readonly unknown: readonly string[] } {
  const { config, diagnostics } = parseConfig([{ file: 'a', text: JSON.stringify(value) }]);
  const said = diagnostics.map(({ path, severity, message }) => [path, severity, message]);
  const unknown = diagnostics.filter(({ code }) => code === 'unknown-key').map(({ path }) => path);
  return { text: JSON.stringify([config, said]), unknown };
}

/** Below a key that is reported as unknown nothing has a meaning. */
function isUnknown(unknown: readonly string[], path: Path): boolean {
  const text = path.reduce<string>(
    (all, part) => (typeof part === 'number' ? `${all}[${part}]` : `${all}.${part}`),
    '',
  );
  return unknown.some((prefix) => text.startsWith(`.${prefix}`));
}

function leavesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([part, child]) => leavesOf(child, [...path, part]));
}

function without(value: unknown, path: Path): unknown {
  return edited(value, path, (parent, part) => {
    if (Array.isArray(parent)) parent.splice(Number(part), 1);
    else Reflect.deleteProperty(parent, part);
  });
}

function changed(value: unknown, path: Path): unknown {
  return edited(value, path, (parent, part) => {
    const leaf: unknown = Reflect.get(parent, part);
    const other = typeof leaf === 'boolean' ? !leaf : typeof leaf === 'number' ? leaf + 1 : `${String(leaf)}x`;
    Reflect.set(parent, part, other);
  });
}

function edited(value: unknown, path: Path, edit: (parent: object, part: string | number) => void): unknown {
  const copy = structuredClone(value);
  const parent = path.slice(0, -1).reduce<unknown>((at, part) => Reflect.get(at as object, part), copy);
  edit(parent as object, path.at(-1) ?? '');
  return copy;
}
