import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseDocument, stringify } from 'yaml';
import { parseConfig } from '../../src/config/parse.ts';
import type { Diagnostic } from '../../src/core/diagnostic.ts';
import { seededRandom } from '../support/random.ts';
import { realistic } from './cloud-init/network-samples.ts';
import { CloudInitOracle } from './cloud-init/oracle.ts';
import { Samples } from './cloud-init/samples.ts';
import { type Data, type Effects, isBranch, lookAtLeaves } from './support/silent-leaves.ts';

const seed = Number(process.env['BERTH_SEED'] ?? 20_261_129);
const wanted = 240;

let oracle: CloudInitOracle;

beforeAll(async () => {
  oracle = await CloudInitOracle.start();
}, 600_000);

afterAll(() => {
  oracle.stop();
});

const parse = (text: string) => parseConfig([{ file: 'network-config', text }], { dialect: 'network-config' });

const effects: Effects = {
  textOf: (data) => stringify(data, { version: '1.1', aliasDuplicateObjects: false }),
  effectOf(text) {
    const { config, diagnostics } = parse(text);
    return JSON.stringify([
      config,
      diagnostics.map(({ severity, code, message, hint }) => [severity, code, message, hint]),
    ]);
  },
  leftOut: (text) => parse(text).diagnostics.filter(isLeftOut).map(leftOutBy),
};

/** What is replaced by a later entry is left out as well, which is a warning. */
function isLeftOut({ severity, code }: Diagnostic): boolean {
  return severity === 'error' || code === 'duplicate-key';
}

/** An entry of version 1, or a device or route of version 2, needs some of its keys: one that is wrong takes it along. */
function leftOutBy({ severity, path }: Diagnostic): string {
  const whole = /^(?:network\.)?(?:config\[\d+\]|vlans\.[^.[]+|.*?routes\[\d+\])/.exec(path)?.[0];
  return severity === 'error' && whole !== undefined ? whole : path;
}

test('no leaf of 240 network configurations is dropped without a word', async () => {
  const random = seededRandom(seed);
  const examples = (await oracle.examples()).filter(({ file }) => file.startsWith('network-config'));
  const files: Data[] = examples.flatMap(({ text }) => {
    const data: unknown = parseDocument(text, { version: '1.1' }).toJS();
    return isBranch(data) ? [data] : [];
  });
  expect(files.length).toBeGreaterThan(10);
  for (const version of [1, 2] as const) {
    const samples = new Samples(await oracle.schema(`network-config-v${version}`), random);
    const inner = { $ref: `#/$defs/network_config_version${version}` };
    for (let made = 0; made < wanted / 2; made += 1) {
      const document = realistic(samples.value(inner, 0), random);
      files.push((random() < 0.3 ? { network: document } : document) as Data);
    }
  }
  const looks = files.map((data) => ({ data, ...lookAtLeaves(data, effects) }));
  const count = looks.reduce((sum, look) => sum + look.count, 0);
  const silent = looks.flatMap((look) =>
    look.silent.map((path) => `${path} in\n${effects.textOf(look.data).slice(0, 800)}`),
  );
  process.stderr.write(`network-config: ${files.length} files, ${count} leaves looked at, ${silent.length} silent\n`);
  expect(silent.slice(0, 20)).toEqual([]);
  expect(count).toBeGreaterThan(2500);
}, 600_000);
