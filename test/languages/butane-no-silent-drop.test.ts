import { expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { configShape } from '../../src/config/dialects/butane/spec/config.ts';
import { specs } from '../../src/config/dialects/butane/spec/variants.ts';
import { type ParseResult, parseConfig } from '../../src/config/parse.ts';
import { formatPath } from '../../src/core/diagnostic.ts';
import { seededRandom } from '../support/random.ts';
import { butaneCorpus } from './support/butane-corpus.ts';
import { generateButane } from './support/butane-mutator.ts';

const seed = 20261130;
const wantedFiles = 400;

type Path = readonly (string | number)[];

test('no key of a Butane config is dropped without a word', async () => {
  const files = await acceptedFiles();
  const silent: string[] = [];
  let leaves = 0;
  for (const data of files) {
    const whole = outcome(data);
    for (const path of leavesOf(data)) {
      leaves += 1;
      if (outcome(without(data, path)) !== whole) continue;
      // What equals the default may be left out; another value may not.
      if (others(at(data, path)).some((value) => outcome(put(data, path, value)) !== whole)) continue;
      if (isUnknown(data, path)) continue;
      silent.push(`${path.join('.')} of\n${stringify(data)}`);
    }
  }
  process.stderr.write(`Butane: ${leaves} leaves of ${files.length} files, ${silent.length} dropped without a word\n`);
  expect(files.length).toBeGreaterThanOrEqual(200);
  expect(silent).toEqual([]);
});

/** Of the module's own configs and generated ones, those that are accepted; as data. */
async function acceptedFiles(): Promise<unknown[]> {
  const random = seededRandom(seed);
  const accepted = (text: string): boolean => {
    const { diagnostics } = parseConfig([{ file: 'f', text }], { dialect: 'butane' });
    return diagnostics.every(({ severity }) => severity !== 'error');
  };
  const found = (await butaneCorpus()).filter(accepted).map((text): unknown => parse(text, { version: '1.1' }));
  for (let index = 0; found.length < wantedFiles; index += 1) {
    const spec = specs[index % specs.length];
    if (spec === undefined) throw new Error('there are no specs');
    const text = generateButane(spec, configShape(spec), random);
    if (accepted(text)) found.push(parse(text, { version: '1.1' }));
  }
  return found;
}

/** Below a key that is told to be unknown nothing has a meaning. */
function isUnknown(data: unknown, path: Path): boolean {
  const leaf = formatPath(path);
  return read(data).diagnostics.some((told) => told.code === 'unknown-key' && leaf.startsWith(told.path));
}

function read(data: unknown): ParseResult {
  return parseConfig([{ file: 'f', text: stringify(data, { version: '1.1' }) }], { dialect: 'butane' });
}

/** The host config and what is told, without positions. */
function outcome(data: unknown): string {
  const { config, diagnostics } = read(data);
  return JSON.stringify([
    config,
    diagnostics.map(({ severity, code, path, message }) => [severity, code, path, message]),
  ]);
}

function leavesOf(data: unknown, path: Path = []): Path[] {
  if (typeof data !== 'object' || data === null) return [path];
  const entries: [string | number, unknown][] = Array.isArray(data) ? [...data.entries()] : Object.entries(data);
  if (entries.length === 0) return [];
  return entries.flatMap(([part, value]) => leavesOf(value, [...path, part]));
}

function at(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => (value as Record<string | number, unknown>)[part], data);
}

function without(data: unknown, path: Path): unknown {
  return edited(data, path, (parent, part) => {
    if (Array.isArray(parent)) parent.splice(Number(part), 1);
    else Reflect.deleteProperty(parent, part);
  });
}

function put(data: unknown, path: Path, value: unknown): unknown {
  return edited(data, path, (parent, part) => {
    (parent as Record<string | number, unknown>)[part] = value;
  });
}

function edited(
  data: unknown,
  path: Path,
  edit: (parent: Record<string | number, unknown> | unknown[], part: string | number) => void,
): unknown {
  const copy: unknown = structuredClone(data);
  edit(at(copy, path.slice(0, -1)) as Record<string | number, unknown>, path.at(-1) ?? '');
  return copy;
}

/** Other values of the same type. */
function others(value: unknown): unknown[] {
  if (typeof value === 'boolean') return [!value];
  if (typeof value === 'number') return [value + 1, value + 7];
  return ['other', '/other', `${String(value)}x`];
}
