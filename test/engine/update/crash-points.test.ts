import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { orderedUnpacking, SlotDevices, slotFileModule } from '../../support/crash/slot-devices.ts';
import type { Recording } from '../../support/crash/survey.ts';

const devices = new SlotDevices();
jest.unstable_mockModule('../../../src/update/transfer/slot-file.ts', () => slotFileModule(devices));
jest.unstable_mockModule('../../../src/update/transfer/unpack-frame.ts', () => orderedUnpacking);
const { makeSmallReleases } = await import('../../support/crash/releases.ts');
const { scenarios, situationOf } = await import('../../support/crash/scenarios.ts');
const { recordBlessing, recordUpdate, survey, surveyTwice } = await import('../../support/crash/survey.ts');

type Scenario = (typeof scenarios)[number];

const limitMs = 600_000;
/** States whose recovery is cut, too, of each update. */
const recoveries = 4;
const page = new URL('../../../docs/update-crash-points.md', import.meta.url);

let small: Awaited<ReturnType<typeof makeSmallReleases>>;
let mostFetched: number;
const counts: string[] = [];

beforeAll(async () => {
  small = await makeSmallReleases(5);
  const { artifacts } = small.all[3]!.manifest;
  mostFetched = artifacts.reduce((sum, { bytes }) => sum + bytes, 0);
});

const situation = (scenario: Scenario) =>
  situationOf(scenario, small.all, { parts: { releases: small.source, devices }, mostFetched });

async function update(scenario: Scenario): Promise<Recording> {
  const initial = scenario.cells(Object.fromEntries(small.all.map((release) => [release.sequence, release])));
  return recordUpdate(situation(scenario), initial);
}

async function blessing(scenario: Scenario): Promise<Recording> {
  return recordBlessing(situation(scenario), (await update(scenario)).end);
}

describe('whatever a power cut leaves, one whole release boots, and the host converges', () => {
  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    'of an update: %s',
    async (name, scenario) => {
      const { states, faults } = await survey(await update(scenario));
      expect(faults).toEqual([]);
      counts.push(`| update: ${name} | ${states} |`);
    },
    limitMs,
  );

  test(
    'of a blessing',
    async () => {
      const { states, faults } = await survey(await blessing(scenarios[0]!));
      expect(faults).toEqual([]);
      counts.push(`| blessing | ${states} |`);
    },
    limitMs,
  );

  test(
    'also of a recovery',
    async () => {
      let sum = 0;
      for (const [seed, scenario] of scenarios.entries()) {
        const { states, faults } = await surveyTwice(situation(scenario), await update(scenario), recoveries, seed);
        expect(faults).toEqual([]);
        sum += states;
      }
      counts.push(`| recovery after a power cut, which is cut, too: ${recoveries} of each update | ${sum} |`);
    },
    limitMs,
  );

  test('and docs/update-crash-points.md says how many states that are', async () => {
    const text = await readFile(page, 'utf8');
    expect(counts.filter((row) => !text.includes(row))).toEqual([]);
  });
});

describe('without one flush the suite fails, or the flush is not what safety rests on', () => {
  /** By the flush, as often as it is made: what goes wrong without it. */
  const update1: readonly (readonly [flush: string, wrong: RegExp | 'nothing'])[] = [
    // A look at the room only, which writes nothing.
    ['mount, the directory', 'nothing'],
    // The flush of the magic, which is the first write after it, takes the mark along.
    ['mount, the directory', 'nothing'],
    ['patch: no magic, the file', /is shown and is no whole release/],
    ['remove, the directory', /0 left/],
    // That a slot is incomplete: its entry is gone already, so nothing boots it. It saves a second fetch.
    ['slot', 'nothing'],
    // What the read-back of the data comes after. The flush of the tree takes the data along.
    ['slot', 'nothing'],
    // The tree, which that of the superblock takes along.
    ['slot', 'nothing'],
    ['slot', /is shown and is no whole release/],
    ['mount, the directory', /does not converge/],
    ['write, the file', /is shown and is no whole release/],
    ['write, the directory', /is bad, and is booted for ever/],
    ['memory', /would not know which one failed/],
    // As the second one.
    ['mount, the directory', 'nothing'],
    ['patch: magic, the file', /was staged, and is not booted next/],
  ];
  const blessing1: typeof update1 = [
    ['mount, the directory', /cannot be blessed/],
    ['rename, the file', /was blessed, and is not booted for good/],
    ['rename, the directory', /cannot be blessed/],
  ];

  const namesOf = ({ log }: Recording): string[] =>
    log.flatMap((event) => (event.kind === 'flush' ? [event.name] : []));

  /** The same, but that one flush did not happen. */
  function without(recording: Recording, flush: number): Recording {
    const flushes = recording.log.filter(({ kind }) => kind === 'flush');
    return { ...recording, log: recording.log.filter((event) => event !== flushes[flush]) };
  }

  const kinds = [
    ['an update', update1, update],
    ['a blessing', blessing1, blessing],
  ] as const;

  describe.each(kinds)('of %s', (_, flushes, record) => {
    test('there are these flushes', async () => {
      expect(namesOf(await record(scenarios[0]!))).toEqual(flushes.map(([name]) => name));
    });

    test.each(flushes.map(([name, wrong], index) => ({ name, wrong, index })))(
      '$index, $name: $wrong',
      async ({ wrong, index }) => {
        const { faults } = await survey(without(await record(scenarios[0]!), index), wrong === 'nothing' ? 8 : 1);
        if (wrong === 'nothing') expect(faults).toEqual([]);
        else expect(faults).toEqual(expect.arrayContaining([expect.stringMatching(wrong)]));
      },
      limitMs,
    );
  });
});
