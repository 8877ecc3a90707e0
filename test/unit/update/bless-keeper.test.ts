import { expect, test } from '@jest/globals';
import type { Clock } from '../../../src/core/clock.ts';
import { BlessKeeper } from '../../../src/update/bless-keeper.ts';
import { blockers, type HealthCheck, lookAt } from '../../../src/update/health-gate.ts';

/** A clock that runs while everybody sleeps, until its end. */
function simulatedClock(endMs: number, end: AbortController, setBy: Story['setBy'] = { atMs: endMs, ms: 0 }): Clock {
  let now = 0;
  return {
    now: () => now + (now >= setBy.atMs ? setBy.ms : 0),
    sleep: async (ms) => {
      now += ms;
      if (now > endMs) {
        end.abort(new Error('the end'));
        throw new Error('the end');
      }
      return Promise.resolve();
    },
  };
}

interface Story {
  readonly file: string | undefined;
  /** Whether the check of this level holds, by time. */
  readonly level?: HealthCheck['level'];
  readonly holds?: (now: number) => boolean;
  readonly baseline?: readonly string[];
  readonly failingBless?: number;
  /** How often the entries cannot be read. */
  readonly failingEntries?: number;
  readonly endMs?: number;
  /** Whether the host is on its way to a restart, by time. */
  readonly isEnding?: (now: number) => boolean;
  /** Somebody sets the clock. */
  readonly setBy?: { readonly atMs: number; readonly ms: number };
}

async function tell({
  file,
  level = 'required',
  holds = () => true,
  baseline = [],
  failingBless = 0,
  failingEntries = 0,
  endMs = 60_000,
  isEnding = () => false,
  setBy,
}: Story) {
  const end = new AbortController();
  const clock = simulatedClock(endMs, end, setBy);
  const told: string[] = [];
  let tries = 0;
  let looks = 0;
  let saved: string[] | undefined;
  const keeper = new BlessKeeper({
    loader: {
      onTrial: async () => {
        looks += 1;
        if (looks <= failingEntries) throw new Error('no partition');
        return Promise.resolve(file?.includes('+') === true ? 'berth_2' : undefined);
      },
      bless: async (name) => {
        tries += 1;
        if (tries <= failingBless) throw new Error('busy');
        told.push(`blessed ${name} at ${clock.now()}`);
        return Promise.resolve();
      },
    },
    checks: () => [
      { name: 'one', level, look: async () => Promise.resolve({ holds: holds(clock.now()), detail: '' }) },
      { name: 'wish', level: 'wanted', look: async () => Promise.reject(new Error('never')) },
    ],
    isEnding: () => isEnding(clock.now()),
    beforeLook: async () => Promise.resolve(),
    afterLook: async () => Promise.resolve(),
    baseline: {
      load: async () => Promise.resolve(new Set(baseline)),
      save: async (names) => {
        saved = [...names];
        return Promise.resolve();
      },
    },
    release: async () => {
      told.push('released');
      return Promise.resolve();
    },
    clock,
    onBlessed: () => told.push('told'),
    onFoundBlessed: () => told.push('is blessed'),
    onProblem: (why) => told.push(why),
  });
  await keeper.run(end.signal);
  return { told, saved, state: keeper.state };
}

const blessed = (at: number) => [`blessed berth_2 at ${at}`, 'released', 'told'];

test.each<{ what: string; story: Story; told: string[] }>([
  { what: 'nothing to prove for a blessed entry', story: { file: 'berth_2.efi' }, told: ['is blessed'] },
  { what: 'nothing to prove without a boot loader', story: { file: undefined }, told: ['is blessed'] },
  { what: 'blessed once the gate was open for ten seconds', story: { file: '+' }, told: blessed(10_000) },
  {
    what: 'the ten seconds count from the last failure',
    story: { file: '+', holds: (now) => now !== 6000 },
    told: blessed(18_000),
  },
  { what: 'never blessed while a required check fails', story: { file: '+', holds: () => false }, told: [] },
  {
    what: 'a wanted check keeps nobody back',
    story: { file: '+', level: 'wanted', holds: () => false },
    told: blessed(10_000),
  },
  {
    what: 'what did not hold before does not count',
    story: { file: '+', level: 'baseline', holds: () => false },
    told: blessed(10_000),
  },
  {
    what: 'what held before counts',
    story: { file: '+', level: 'baseline', baseline: ['one'], holds: () => false },
    told: [],
  },
  {
    what: 'a bless that fails is tried again',
    story: { file: '+', failingBless: 1 },
    told: ['busy', ...blessed(12_000)],
  },
  {
    what: 'entries that cannot be read are looked at again, and told once',
    story: { file: '+', failingEntries: 3 },
    told: ['no partition', ...blessed(16_000)],
  },
  {
    what: 'a clock that is set back meanwhile keeps nobody back',
    story: { file: '+', setBy: { atMs: 4000, ms: -3_600_000 } },
    told: blessed(10_000 - 3_600_000),
  },
  {
    what: 'a clock that is set forward meanwhile is no proof',
    story: { file: '+', setBy: { atMs: 4000, ms: 3_600_000 }, holds: (now) => now !== 3_606_000 },
    told: blessed(3_600_000 + 18_000),
  },
])('$what', async ({ story, told }) => {
  expect((await tell(story)).told).toEqual(told);
});

test('a release on trial tells what it lacks', async () => {
  const { state } = await tell({ file: '+', holds: () => false, endMs: 4000 });
  expect(state).toMatchObject({ kind: 'on-trial', blockers: ['one'] });
});

test.each([
  { holds: true, baseline: [], saved: ['one'] },
  { holds: false, baseline: ['one'], saved: [] },
  { holds: true, baseline: ['one'], saved: undefined },
])('a blessed host notes what holds when that changes: $holds after $baseline', async ({ holds, baseline, saved }) => {
  const story: Story = { file: 'berth_2.efi', level: 'baseline', holds: () => holds, baseline, endMs: 200_000 };
  expect((await tell(story)).saved).toEqual(saved);
});

test.each<{ what: string; story: Partial<Story>; saved: string[] | undefined }>([
  { what: 'one look that fails forgets nothing', story: { holds: (now) => now !== 120_000 }, saved: undefined },
  { what: 'two in a row forget', story: { holds: (now) => now < 120_000 }, saved: [] },
  {
    what: 'what fails while the host goes down is not forgotten',
    story: { holds: (now) => now < 120_000, isEnding: (now) => now >= 120_000 },
    saved: undefined,
  },
  {
    what: 'after a restart that was called off, what fails counts anew',
    story: { holds: (now) => now < 60_000, isEnding: (now) => now >= 120_000 && now < 420_000, endMs: 430_000 },
    saved: undefined,
  },
])('a blessed host, $what', async ({ story, saved }) => {
  const base: Story = { file: 'berth_2.efi', level: 'baseline', baseline: ['one'], endMs: 400_000 };
  expect((await tell({ ...base, ...story })).saved).toEqual(saved);
});

test('what a check throws counts as not holding', async () => {
  const look = async (): Promise<never> => Promise.reject(new Error('no route'));
  const results = await lookAt([{ name: 'one', level: 'required', look }], new AbortController().signal);
  expect(results).toEqual([{ name: 'one', level: 'required', holds: false, detail: 'no route' }]);
  expect(blockers(results, new Set()).map(({ name }) => name)).toEqual(['one']);
});
