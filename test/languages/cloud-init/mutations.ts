import { stringify } from 'yaml';
import { type Plain, pick, type Random } from './samples.ts';

const oddValues: readonly Plain[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  2.5,
  '',
  'text',
  'on',
  '0644',
  [],
  {},
  ['a'],
  [['a', 1]],
  { name: 'a' },
  { type: 'x' },
  { type: 'log' },
  { a: { b: 1 } },
];
const oddKeys = ['typ', 'type', 'name', 'nmae', 'default', 'Users', 'x y', 'hostname', '1', '__proto__'];

/** A copy of the document with one thing changed: a key, a value, its type, its place. */
export function mutate(document: Plain, random: Random): Plain {
  const copy = structuredClone(document);
  const places = placesOf(copy);
  if (places.length === 0) return pick(random, oddValues);
  const { holder, key } = pick(random, places);
  const get = (): Plain => (holder as Record<string | number, Plain>)[key] ?? null;
  const set = (value: Plain): void => {
    Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
  };
  const changes: (() => void)[] = [
    () => set(structuredClone(pick(random, oddValues))),
    () => set([get()]),
    () => set({ [pick(random, oddKeys)]: get() }),
    () => set(structuredClone(pick(random, places).value)),
    () => {
      if (Array.isArray(holder)) holder.push(structuredClone(get()));
      else Object.assign(holder, { [pick(random, oddKeys)]: structuredClone(get()) });
    },
    () => {
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else Reflect.deleteProperty(holder, key);
    },
    () => {
      if (Array.isArray(holder)) return;
      const value = get();
      Reflect.deleteProperty(holder, key);
      const name = String(key);
      const at = Math.floor(random() * name.length);
      Object.assign(holder, {
        [`${name.slice(0, at)}${pick(random, ['', '-', '_', 'x'])}${name.slice(at + 1)}`]: value,
      });
    },
  ];
  pick(random, changes)();
  return copy;
}

interface Spot {
  readonly holder: Plain[] | { [key: string]: Plain };
  readonly key: string | number;
  readonly value: Plain;
}

function placesOf(value: Plain): Spot[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries: [string | number, Plain][] = Array.isArray(value)
    ? value.map((item, index) => [index, item])
    : Object.entries(value);
  return entries.flatMap(([key, entry]) => [{ holder: value, key, value: entry }, ...placesOf(entry)]);
}

const wordsOfYaml = [
  ': ',
  '- ',
  '#',
  ' #',
  '"',
  "'",
  '\t',
  '  ',
  '\n',
  '{',
  '}',
  '[',
  ']',
  '|',
  '>',
  '&a ',
  '*a',
  '!!str ',
  '%',
  '@',
  '~',
  'yes',
  '0o7',
  '1:20',
  '2030-01-01',
  '<<: ',
  '? ',
  '---\n',
  ',',
  '\\',
];

/** A copy of the text with one thing changed, as a person's slip of the pen would. */
export function mutateText(text: string, random: Random): string {
  const at = Math.floor(random() * text.length);
  const lines = text.split('\n');
  const line = Math.floor(random() * lines.length);
  const changes: (() => string)[] = [
    () => text.slice(0, at) + pick(random, wordsOfYaml) + text.slice(at),
    () => text.slice(0, at) + text.slice(at + 1 + Math.floor(random() * 3)),
    () => lines.toSpliced(line, 1).join('\n'),
    () => lines.toSpliced(line, 0, lines[line] ?? '').join('\n'),
    () => lines.with(line, ` ${lines[line] ?? ''}`).join('\n'),
    () => lines.with(line, (lines[line] ?? '').replace(/^ /, '')).join('\n'),
    () => text.replace(/: (\S)/, ':$1'),
  ];
  return pick(random, changes)();
}

/** The document as a `#cloud-config` text, in one of YAML's forms. */
export function cloudConfigText(document: Plain, random: Random): string {
  const form = random();
  if (form < 0.1) return `#cloud-config\n${JSON.stringify(document, null, 2)}\n`;
  const collectionStyle = form < 0.2 ? ('flow' as const) : ('any' as const);
  return `#cloud-config\n${stringify(document, { version: '1.1', collectionStyle, indentSeq: random() < 0.5 })}`;
}
