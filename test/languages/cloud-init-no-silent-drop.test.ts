import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseDocument, stringify } from 'yaml';
import { parseConfig } from '../../src/config/parse.ts';
import { formatPath } from '../../src/core/diagnostic.ts';
import { seededRandom } from '../support/random.ts';
import { cloudConfigText } from './cloud-init/mutations.ts';
import { CloudInitOracle } from './cloud-init/oracle.ts';
import { Samples } from './cloud-init/samples.ts';

const seed = Number(process.env['BERTH_SEED'] ?? 20_261_129);
const wanted = 220;
type Path = readonly (string | number)[];

let oracle: CloudInitOracle;

beforeAll(async () => {
  oracle = await CloudInitOracle.start();
}, 600_000);

afterAll(() => {
  oracle.stop();
});

/** Everything a person would see of a text, besides places, which move with every line. */
function effectOf(text: string): string {
  const { config, diagnostics } = parseConfig([{ file: 'a.yaml', text }], { passwordSeed: 'a secret of the host' });
  return JSON.stringify([
    config,
    diagnostics.map(({ severity, code, message, hint }) => [severity, code, message, hint]),
  ]);
}

type Data = Record<string | number, unknown>;

function isBranch(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}

function leavesOf(value: unknown, path: Path = []): Path[] {
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? value.map((item, index) => [index, item])
    : isBranch(value)
      ? Object.entries(value)
      : [];
  return entries.length === 0 ? [path] : entries.flatMap(([key, item]) => leavesOf(item, [...path, key]));
}

/** Another value of the same type. */
function changed(value: unknown): unknown {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  return typeof value === 'string' ? `${value}x` : 'x';
}

/** The data with the leaf of a path left out or changed, as a text. */
function without(data: Data, path: Path, edit: 'remove' | 'change'): string {
  const copy = structuredClone(data);
  const key = path.at(-1) ?? '';
  const holder = path.slice(0, -1).reduce<Data>((at, part) => at[part] as Data, copy);
  if (edit === 'change') holder[key] = changed(holder[key]);
  else if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else Reflect.deleteProperty(holder, key);
  return textOf(copy);
}

function textOf(data: Data): string {
  return `#cloud-config\n${stringify(data, { version: '1.1', aliasDuplicateObjects: false })}`;
}

/** Keys, and entries of lists, that an error names: they are left out as a whole, and that is said. */
function leftOut(text: string): string[] {
  const errors = parseConfig([{ file: 'a.yaml', text }]).diagnostics.filter(({ severity }) => severity === 'error');
  return errors.map(({ path }) => /^[^.[]*(?:\[\d+\])?/.exec(path)?.[0] ?? '');
}

/** Leaves that are nowhere to be seen: neither gone nor changed do they make a difference. */
function silentLeaves(data: Data): string[] {
  const whole = effectOf(textOf(data));
  const reported = leftOut(textOf(data));
  return leavesOf(data)
    .filter((path) => !reported.some((prefix) => formatPath(path).startsWith(prefix)))
    .filter((path) => (['remove', 'change'] as const).every((edit) => effectOf(without(data, path, edit)) === whole))
    .map((path) => path.join('.'));
}

test('no leaf of 200 files is dropped without a word', async () => {
  const random = seededRandom(seed);
  const examples = (await oracle.examples())
    .filter(({ text }) => /^#cloud-config\s/.test(text))
    .map(({ text }) => text);
  const samples = new Samples(await oracle.schema('cloud-config-v1'), random);
  const texts = examples.filter((text) => parseDocument(text, { version: '1.1' }).errors.length === 0);
  while (texts.length < wanted) {
    const text = cloudConfigText(samples.document(1 + Math.floor(random() * 4)), random);
    // A text with merge instructions that are none is left out as a whole.
    if ((await oracle.judge(text)).valid && !/merge_(how|type)/.test(text)) texts.push(text);
  }
  const silent = texts.flatMap((text) => {
    const data: unknown = parseDocument(text, { version: '1.1' }).toJS();
    return isBranch(data) ? silentLeaves(data).map((path) => `${path} in\n${textOf(data).slice(0, 800)}`) : [];
  });
  process.stderr.write(`no silent drop: ${texts.length} files, ${silent.length} silent leaves\n`);
  expect(silent.slice(0, 20)).toEqual([]);
}, 600_000);
