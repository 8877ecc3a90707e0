import { expect, test } from '@jest/globals';
import { ignition } from '../../src/config/dialects/ignition/ignition.ts';
import { seededRandom } from '../support/random.ts';
import { butaneCorpus } from './support/butane-corpus.ts';
import { mutate } from './support/butane-mutator.ts';
import { acceptedConfigs, type CorpusConfig, ignitionCorpus, majorOf } from './support/ignition-corpus.ts';
import { verdictsOf } from './support/ignition-verdicts.ts';
import { mutateJson } from './support/mutate-json.ts';

const mutantsOfEach = 60;
const seed = 20261129;

interface Difference {
  readonly name: string;
  readonly ours: string;
  readonly theirs: string;
  readonly text: string;
}

test('Butane configs and mutations of them are accepted and rejected as Ignition does, which translates them itself', async () => {
  const corpus = await butaneCorpus();
  const random = seededRandom(seed);
  const mutants = corpus.flatMap((text) => Array.from({ length: 10 }, () => mutate(text, random, corpus)));
  const texts = [...corpus, ...mutants].filter((text) => majorOf(text) === 3);
  const verdicts = await verdictsOf(texts, 3);
  const differences = texts.flatMap((text, index) => {
    const { diagnostics } = ignition.parse([{ file: 'a.ign', text }]);
    const isAccepted = diagnostics.every(({ severity }) => severity !== 'error');
    const verdict = verdicts[index];
    return verdict?.accepted === isAccepted ? [] : [{ text, theirs: verdict?.report, ours: diagnostics }];
  });
  const accepted = verdicts.filter((verdict) => verdict.accepted).length;
  process.stderr.write(`Ignition: ${texts.length} Butane configs (${accepted} accepted by it)\n`);
  expect(accepted).toBeGreaterThan(texts.length * 0.15);
  expect(differences).toEqual([]);
});

test('configs of the modules and mutations of them are accepted and rejected as Ignition does', async () => {
  const corpus = await ignitionCorpus();
  const good = await acceptedConfigs(corpus);
  const random = seededRandom(seed);
  const mutants = good.flatMap((config) =>
    Array.from({ length: mutantsOfEach }, (_, index): CorpusConfig => {
      const text = mutateJson(config.text, random);
      return { name: `${config.name}~${index}`, text, major: majorOf(text) };
    }),
  );
  const differences: Difference[] = [];
  const unwarned: string[] = [];
  let [judged, accepted] = [0, 0];
  for (const major of [2, 3] as const) {
    const configs = [...corpus, ...mutants].filter((config) => config.major === major);
    const verdicts = await verdictsOf(
      configs.map(({ text }) => text),
      major,
    );
    for (const [index, { name, text }] of configs.entries()) {
      const verdict = verdicts[index];
      if (verdict === undefined) throw new Error('a verdict is missing');
      const { diagnostics } = ignition.parse([{ file: name, text }]);
      const errors = diagnostics.filter(({ severity }) => severity === 'error');
      judged += 1;
      if (verdict.accepted) accepted += 1;
      if (verdict.accepted !== (errors.length === 0)) {
        const ours = errors.map(({ line, column, message }) => `${line}:${column} ${message}`).join(' | ');
        differences.push({ name, ours: ours === '' ? 'accepted' : ours, theirs: verdict.report, text });
      } else if (verdict.accepted && verdict.warnings > 0 && diagnostics.length === 0) {
        unwarned.push(`${name}: ${verdict.report}`);
      }
    }
  }
  const parity = 1 - differences.length / judged;
  process.stderr.write(
    `Ignition: ${judged} configs (${accepted} accepted by it), same verdict on ${(100 * parity).toFixed(3)} %\n`,
  );
  expect(corpus.length).toBeGreaterThan(500);
  expect(accepted).toBeGreaterThan(judged * 0.15);
  expect(differences.slice(0, 20)).toEqual([]);
  expect(unwarned).toEqual([]);
});
