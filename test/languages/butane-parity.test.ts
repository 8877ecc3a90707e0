import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { LocalFilesDirectory } from '../../src/cli/local-files-directory.ts';
import { ignitionText } from '../../src/config/dialects/butane/ignition-text.ts';
import { readTranslated } from '../../src/config/dialects/butane/read-translated.ts';
import { configShape } from '../../src/config/dialects/butane/spec/config.ts';
import { specs } from '../../src/config/dialects/butane/spec/variants.ts';
import { plain } from '../../src/config/dialects/butane/traced.ts';
import { translateButane } from '../../src/config/dialects/butane/translate.ts';
import type { LocalFiles } from '../../src/config/local-files.ts';
import { seededRandom } from '../support/random.ts';
import { askButane, type ButaneAnswer } from './support/butane-answers.ts';
import { butaneCorpus } from './support/butane-corpus.ts';
import { generateButane, mutate } from './support/butane-mutator.ts';
import { yamlEdges, yamlTexts } from './support/yaml-edges.ts';

const seed = 20261129;
const mutants = 4000;
const generatedOfEach = 60;

interface Difference {
  readonly what: string;
  readonly ours: string;
  readonly theirs: string;
  readonly text: string;
}

const rows = [
  { name: 'to Ignition', raw: true, target: 'ignition' },
  { name: 'to a MachineConfig where it is for OpenShift', raw: false, target: 'machine-config' },
] as const;

test.each(rows)('configs, mutated ones and generated ones are translated as Butane does: $name', async (row) => {
  const texts = await allTexts();
  const answers = await askButane(texts.map((text) => ({ text, raw: row.raw })));
  const differences: Difference[] = [];
  let [accepted, sameVerdict, sameOutput] = [0, 0, 0];
  for (const [index, text] of texts.entries()) {
    const answer = answers[index] as ButaneAnswer;
    const { ours, output, warnings } = translate(text, row.target);
    if (answer.accepted) accepted += 1;
    if ((ours === '') !== answer.accepted) {
      differences.push({ what: 'verdict', ours, theirs: answer.report, text });
      continue;
    }
    sameVerdict += 1;
    if (!answer.accepted) continue;
    const theirs: unknown = answer.output.startsWith('{') ? JSON.parse(answer.output) : parse(answer.output);
    const isSame =
      row.target === 'ignition' && answer.output.startsWith('{')
        ? ignitionText(output) === `${answer.output.trimEnd()}\n`
        : JSON.stringify(sorted(output)) === JSON.stringify(sorted(theirs));
    if (isSame) sameOutput += 1;
    else differences.push({ what: 'output', ours: JSON.stringify(output), theirs: answer.output, text });
    if (warnings === 0 && answer.warnings > 0) {
      differences.push({ what: 'warning', ours: '', theirs: answer.report, text });
    }
  }
  const parity = sameVerdict / texts.length;
  process.stderr.write(
    `Butane ${row.name}: ${texts.length} configs (${accepted} accepted by it), same verdict on ` +
      `${(100 * parity).toFixed(3)} %, same output on ${sameOutput} of those that both accept\n`,
  );
  expect(accepted).toBeGreaterThan(texts.length * 0.15);
  expect(parity).toBeGreaterThan(0.999);
  expect(differences.filter(({ what }) => what !== 'verdict')).toEqual([]);
});

async function allTexts(): Promise<string[]> {
  const corpus = await butaneCorpus();
  expect(corpus.length).toBeGreaterThan(60);
  const random = seededRandom(seed);
  const mutated = Array.from({ length: mutants }, (_, index) => {
    let text = corpus[index % corpus.length] ?? '';
    for (let change = 0; change <= random() * 3; change += 1) text = mutate(text, random, corpus);
    return text;
  });
  const generated = specs.flatMap((spec) =>
    Array.from({ length: generatedOfEach }, () => generateButane(spec, configShape(spec), random)),
  );
  return [...corpus, ...mutated, ...generated, ...edges()];
}

function edges(): string[] {
  const head = 'variant: fcos\nversion: 1.5.0\n';
  return [
    ...yamlEdges.map((edge) => `${head}kernel_arguments:\n  should_exist:\n  - ${edge.replaceAll('\n', '\n  ')}\n`),
    ...yamlEdges.map((edge) => `${head}kernel_arguments:\n  should_exist: ${edge}\n`),
    ...yamlTexts.map((text) => head + text),
  ];
}

function translate(text: string, target: 'ignition' | 'machine-config', files?: LocalFiles) {
  const translation = translateButane(text, { target, files });
  readTranslated(translation);
  const { problems, ignition, machineConfig } = translation;
  const errors = problems.filter(({ severity }) => severity === 'error');
  const made = machineConfig ?? ignition;
  return {
    ours: errors.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'),
    warnings: problems.filter(({ severity }) => severity === 'warning').length,
    output: made === undefined ? undefined : plain(made),
  };
}

/** The same data with its keys in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}

test('local files and trees are taken in as Butane takes them in', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'berth-butane-'));
  try {
    await fillDirectory(directory);
    const texts = specs
      .filter(({ base }) => base >= 2)
      .flatMap(({ variant, version }) => localConfigs(variant, version));
    const answers = await askButane(texts.map((text) => ({ text, filesDir: directory, raw: true })));
    const files = new LocalFilesDirectory(directory);
    let accepted = 0;
    for (const [index, text] of texts.entries()) {
      const { accepted: isAccepted, output, report } = answers[index] as ButaneAnswer;
      const ours = translate(text, 'ignition', files);
      expect({ text, report, isAccepted: ours.ours === '' }).toEqual({ text, report, isAccepted });
      if (!isAccepted) continue;
      accepted += 1;
      expect(ours.output).toEqual(JSON.parse(output));
    }
    process.stderr.write(
      `Butane with local files: ${texts.length} configs (${accepted} accepted by it), all the same\n`,
    );
    expect(accepted).toBeGreaterThan(100);
  } finally {
    await rm(directory, { recursive: true });
  }
});

async function fillDirectory(directory: string): Promise<void> {
  await mkdir(join(directory, 'tree/b.d/empty'), { recursive: true });
  await mkdir(join(directory, 'pipe'));
  const contents = {
    text: 'hello\n',
    long: 'line of text\n'.repeat(90),
    binary: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
    keys: 'ssh-ed25519 A\r\n\nssh-ed25519 B',
    unit: '[Unit]\nDescription=x\n',
    'tree/b': 'b',
    'tree/b.d/run': '#!/bin/sh\n',
    'tree/B': 'upper',
    'tree/é': 'é',
  };
  for (const [name, content] of Object.entries(contents)) await writeFile(join(directory, name), content);
  await chmod(join(directory, 'tree/b.d/run'), 0o711);
  await symlink('b.d/run', join(directory, 'tree/link'));
  await symlink('nowhere', join(directory, 'tree/b.d/broken'));
  await symlink('tree', join(directory, 'linked'));
}

function localConfigs(variant: string, version: string): string[] {
  const metadata =
    variant === 'openshift' ? 'metadata: {name: x, labels: {machineconfiguration.openshift.io/role: w}}\n' : '';
  const file = (path: string) => `storage: {files: [{path: /a, contents: {local: ${path}}}]}`;
  const tree = (body: string, more = '') => `storage: {trees: [{${body}}]${more}}`;
  const bodies = [
    ...['text', 'long', 'binary', 'nowhere', '../x', '/text', 'tree', 'tree/../text', '.', 'x/../../x'].map(file),
    'storage: {files: [{path: /a, contents: {local: binary, compression: gzip}}]}',
    ...['local: tree', 'local: tree, path: /opt', 'local: linked', 'local: text', 'local: nowhere', 'local: ..'].map(
      (body) => tree(body),
    ),
    tree('local: tree, path: /opt', ', files: [{path: /opt/b, mode: 0600}], links: [{path: /opt/link, target: x}]'),
    tree('local: tree, path: /opt', ', files: [{path: /opt/b, contents: {inline: x}}]'),
    tree('local: tree, path: /opt', ', directories: [{path: /opt/b}]'),
    tree('local: tree, path: relative'),
    tree('local: tree}, {local: tree'),
    tree('local: tree, path: /opt, user: {name: core}, dir_mode: 0700, file_mode: 0640'),
    tree('local: tree, path: /opt, group: {id: 7}', ', directories: [{path: /opt/b.d}]'),
    'passwd: {users: [{name: core, ssh_authorized_keys: [a], ssh_authorized_keys_local: [keys, text]}]}',
    'passwd: {users: [{name: core, ssh_authorized_keys_local: [nowhere]}]}',
    'systemd: {units: [{name: a.service, contents_local: unit, dropins: [{name: a.conf, contents_local: unit}]}]}',
    'systemd: {units: [{name: a.service, contents_local: nowhere}]}',
    'systemd: {quadlets: [{name: a.container, contents_local: unit}, {name: b.container, contents_local: ""}]}',
    'ignition: {config: {merge: [{local: text}]}, security: {tls: {certificate_authorities: [{local: long}]}}}',
  ];
  return bodies.map((body) => `variant: ${variant}\nversion: ${version}\n${metadata}${body}\n`);
}
