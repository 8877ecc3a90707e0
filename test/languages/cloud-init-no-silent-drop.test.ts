import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseDocument, stringify } from 'yaml';
import { parseConfig } from '../../src/config/parse.ts';
import { seededRandom } from '../support/random.ts';
import { cloudConfigText } from './cloud-init/mutations.ts';
import { CloudInitOracle } from './cloud-init/oracle.ts';
import { Samples } from './cloud-init/samples.ts';
import { type Data, type Effects, isBranch, lookAtLeaves } from './support/silent-leaves.ts';

const seed = Number(process.env['BERTH_SEED'] ?? 20_261_129);
const wanted = 220;

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

function textOf(data: Data): string {
  return `#cloud-config\n${stringify(data, { version: '1.1', aliasDuplicateObjects: false })}`;
}

/** Keys, and entries of lists, that an error names: they are left out as a whole, and that is said. */
function leftOut(text: string): string[] {
  const errors = parseConfig([{ file: 'a.yaml', text }]).diagnostics.filter(({ severity }) => severity === 'error');
  return errors.map(({ path }) => /^[^.[]*(?:\[\d+\])?/.exec(path)?.[0] ?? '');
}

const effects: Effects = { textOf, effectOf, leftOut };

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
    if (!isBranch(data)) return [];
    return lookAtLeaves(data, effects).silent.map((path) => `${path} in\n${textOf(data).slice(0, 800)}`);
  });
  process.stderr.write(`no silent drop: ${texts.length} files, ${silent.length} silent leaves\n`);
  expect(silent.slice(0, 20)).toEqual([]);
}, 600_000);
