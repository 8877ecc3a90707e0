import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seededRandom } from '../support/random.ts';
import { isSoak } from '../support/soak.ts';
import { cloudConfigText, mutate, mutateText } from './cloud-init/mutations.ts';
import { CloudInitOracle } from './cloud-init/oracle.ts';
import { Parity } from './cloud-init/parity.ts';
import { type Plain, pick, Samples } from './cloud-init/samples.ts';
import { yamlEdges, yamlTexts } from './support/yaml-edges.ts';

const seed = Number(process.env['BERTH_SEED'] ?? 20_261_129);
const rounds = isSoak ? 10 : 1;
/** The verdicts are to be the same in 97 % of real files; these are harder than real files. */
const leastShare = 0.97;

/** Templates as people write them: with names that are known where the schema is checked, and with others. */
const templates: readonly string[] = [
  'hostname: {{ v1.local_hostname }}',
  'hostname: "{{ ds.meta_data.local_hostname }}"',
  'hostname: "{{ ds.meta_data.tags.Name }}"',
  'hostname: "{{ nothing.at.all }}"',
  'hostname: {{ nothing.at | default("a") }}',
  'hostname: {{ nothing | default("a") | lower }}',
  'hostname: "{{ v1["local-hostname"] }}-{{ merged_system_cfg._doc }}"',
  'hostname: {{ v1.region | b64encode }}',
  '{% if nothing.at is defined %}\nhostname: a\n{% endif %}',
  '{% if nothing is defined %}\nhostnam: a\n{% endif %}\nhostname: a',
  '{% if v1.cloud_name == "none" %}\nhostname: a\n{% else %}\nhostnam: a\n{% endif %}',
  'packages:\n- a\n{% for name in nothing %}\n- {{ name }}\n{% endfor %}',
  'packages: {{ ["a", "b"] }}',
  'package_update: {{ true }}',
  'package_update: {{ "x" ~ 1 }}',
  'runcmd:\n{% raw %}\n- docker ps --format "{{.Names}}"\n{% endraw %}',
  'runcmd:\n- docker ps --format "{{.Names}}"',
  '{% do nothing %}\nhostname: a',
  '{% set a = "x" %}\nhostname: {{ a }}',
  'runcmd:\n- echo {{ merged_cfg._doc }}',
  'runcmd:\n- echo {{ ds._doc }}',
  '{% if nothing is defined and nothing | bool %}\nhostnam: {{ a | bool }}\n{% endif %}\nhostname: a',
  '{% if v1.platform %}\nhostname: {{ a | bool }}\n{% endif %}',
  '{% if nothing %}{% for a in b %}{{ a | bool }}{% endfor %}{% endif %}\nhostname: a',
  'hostname: {{ "a" if v1.platform else nothing | bool }}',
];

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

  test("for what people write that YAML's readers do not agree on", async () => {
    const parity = new Parity(oracle, 'cloud-init');
    for (const edge of yamlEdges) await parity.compare(`#cloud-config\nruncmd:\n- ${edge}\n`);
    for (const text of yamlTexts) await parity.compare(`#cloud-config\nhostname: a\n${text}`);
    for (const body of templates) await parity.compare(`## template: jinja\n#cloud-config\n${body}\n`);
    expect(parity.valid).toBeGreaterThan(20);
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
