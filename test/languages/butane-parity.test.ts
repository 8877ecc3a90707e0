import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readTranslated } from '../../src/config/dialects/butane/read-translated.ts';
import { configShape } from '../../src/config/dialects/butane/spec/config.ts';
import { specs } from '../../src/config/dialects/butane/spec/variants.ts';
import { plain } from '../../src/config/dialects/butane/traced.ts';
import { translateButane } from '../../src/config/dialects/butane/translate.ts';
import { seededRandom } from '../support/random.ts';
import { askButane, type ButaneAnswer } from './support/butane-answers.ts';
import { butaneCorpus } from './support/butane-corpus.ts';
import { generateButane, mutate } from './support/butane-mutator.ts';

const seed = 20261129;
const mutants = 6000;
const generatedOfEach = 100;

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
    if (JSON.stringify(sorted(output)) === JSON.stringify(sorted(theirs))) sameOutput += 1;
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
  return [...corpus, ...mutated, ...generated];
}

function translate(text: string, target: 'ignition' | 'machine-config') {
  const translation = translateButane(text, { target });
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
