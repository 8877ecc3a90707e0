import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seededRandom } from '../support/random.ts';
import { cloudConfigText, mutate, mutateText } from './cloud-init/mutations.ts';
import { CloudInitOracle } from './cloud-init/oracle.ts';
import { Parity } from './cloud-init/parity.ts';
import { type Plain, pick, Samples } from './cloud-init/samples.ts';

const seed = Number(process.env['BERTH_SEED'] ?? 20_261_129);
const rounds = process.env['BERTH_SOAK'] === '1' ? 10 : 1;
/** The verdicts are to be the same in 97 % of real files; these are harder than real files. */
const leastShare = 0.97;

let oracle: CloudInitOracle;

beforeAll(async () => {
  oracle = await CloudInitOracle.start();
  process.stderr.write(`cloud-init ${await oracle.version()}, seed ${seed}\n`);
}, 600_000);

afterAll(() => {
  oracle.stop();
});

/** Documents of a kind, each as it is, changed once and twice, and with slips of the pen in its text. */
async function compareAll(
  parity: Parity,
  count: number,
  random: () => number,
  document: () => Plain,
  textOf: (value: Plain) => string,
): Promise<void> {
  for (let made = 0; made < count; made += 1) {
    const sample = document();
    const once = mutate(sample, random);
    for (const value of [sample, once, mutate(once, random)]) await parity.compare(textOf(value));
    await parity.compare(mutateText(textOf(sample), random));
  }
}

describe('the verdict on user-data is that of cloud-init schema', () => {
  test('for every example of its documentation', async () => {
    const parity = new Parity(oracle, 'cloud-init');
    const examples = (await oracle.examples()).filter(({ file }) => !file.startsWith('network-config'));
    for (const { text } of examples) await parity.compare(text);
    expect(examples.length).toBeGreaterThan(30);
    expect(parity.differences).toEqual([]);
  });

  test('for documents made from its own schema, and changed', async () => {
    const random = seededRandom(seed);
    const parity = new Parity(oracle, 'cloud-init');
    const samples = new Samples(await oracle.schema('cloud-config-v1'), random);
    await compareAll(
      parity,
      700 * rounds,
      random,
      () => samples.document(1 + Math.floor(random() * 3)),
      (value) => cloudConfigText(value, random),
    );
    const examples = await oracle.examples();
    for (let made = 0; made < 700 * rounds; made += 1)
      await parity.compare(mutateText(pick(random, examples).text, random));
    process.stderr.write(`${parity.report('user-data')}\n`);
    expect(parity.cases).toBeGreaterThanOrEqual(3000);
    expect(parity.valid / parity.cases).toBeGreaterThan(0.3);
    expect(parity.share).toBeGreaterThan(leastShare);
  }, 600_000);
});

describe('the verdict on network configurations is that of cloud-init schema', () => {
  test('for every example of its documentation', async () => {
    const parity = new Parity(oracle, 'network-config');
    const examples = (await oracle.examples()).filter(({ file }) => file.startsWith('network-config'));
    for (const { text } of examples) await parity.compare(text);
    expect(examples.length).toBeGreaterThan(10);
    expect(parity.differences).toEqual([]);
  });

  test.each([1, 2] as const)('for documents of version %i made from its own schema, and changed', async (version) => {
    const random = seededRandom(seed + version);
    const parity = new Parity(oracle, 'network-config');
    const samples = new Samples(await oracle.schema(`network-config-v${version}`), random);
    const inner = { $ref: `#/$defs/network_config_version${version}` };
    await compareAll(
      parity,
      250 * rounds,
      random,
      () => (random() < 0.3 ? { network: samples.value(inner, 0) } : samples.value(inner, 0)),
      (value) => cloudConfigText(value, random).replace('#cloud-config\n', ''),
    );
    process.stderr.write(`${parity.report(`network-config version ${version}`)}\n`);
    expect(parity.share).toBeGreaterThan(leastShare);
  }, 600_000);
});
