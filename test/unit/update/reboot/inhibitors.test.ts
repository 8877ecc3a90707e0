import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Inhibitors } from '../../../../src/update/reboot/inhibitors.ts';
import { ManualClock } from './manual-clock.ts';

const hour = 3_600_000;
const start = Date.parse('2026-07-01T12:00:00Z');
let directory: string;
let clock: ManualClock;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-inhibitors-'));
  clock = new ManualClock(start);
});

afterEach(async () => rm(directory, { recursive: true }));

test('they outlive the agent, and the one that lasts longest is the last', async () => {
  const inhibitors = await Inhibitors.open(directory, clock);
  await inhibitors.add('db', 'it migrates', 2 * hour);
  expect(await inhibitors.add('backup', 'a dump', hour)).toEqual({
    who: 'backup',
    why: 'a dump',
    untilMs: start + hour,
  });
  const again = await Inhibitors.open(directory, clock);
  expect(again.list()).toEqual([
    { who: 'backup', why: 'a dump', untilMs: start + hour },
    { who: 'db', why: 'it migrates', untilMs: start + 2 * hour },
  ]);
});

test('what has expired vanishes', async () => {
  const inhibitors = await Inhibitors.open(directory, clock);
  await inhibitors.add('backup', 'a dump', hour);
  clock.set(start + hour - 1);
  expect(inhibitors.list()).toHaveLength(1);
  clock.set(start + hour);
  expect(inhibitors.list()).toEqual([]);
  expect(await inhibitors.remove('backup')).toBe(false);
  expect((await Inhibitors.open(directory, clock)).list()).toEqual([]);
});

test('each has one: a second takes the place of the first', async () => {
  const inhibitors = await Inhibitors.open(directory, clock);
  await inhibitors.add('backup', 'a dump', 2 * hour);
  await inhibitors.add('backup', 'another dump', hour);
  expect(inhibitors.list()).toEqual([{ who: 'backup', why: 'another dump', untilMs: start + hour }]);
});

test('one that is withdrawn is gone for good', async () => {
  const inhibitors = await Inhibitors.open(directory, clock);
  await inhibitors.add('backup', 'a dump', hour);
  expect(await inhibitors.remove('backup')).toBe(true);
  expect((await Inhibitors.open(directory, clock)).list()).toEqual([]);
});

test('whoever asks to hear of changes does', async () => {
  let changes = 0;
  const inhibitors = await Inhibitors.open(directory, clock, () => {
    changes += 1;
  });
  await inhibitors.add('backup', 'a dump', hour);
  await inhibitors.remove('other');
  await inhibitors.remove('backup');
  expect(changes).toBe(2);
});

test.each([
  ['nobody', '', 'a dump', hour],
  ['no reason', 'backup', ' ', hour],
  ['a name of two lines', 'a\nb', 'a dump', hour],
  ['a reason that moves the cursor', 'a', '\u001b[2J', hour],
  ['a long name', 'a'.repeat(65), 'a dump', hour],
  ['no time', 'backup', 'a dump', 0],
  ['more than a day', 'backup', 'a dump', 24 * hour + 1],
  ['no number', 'backup', 'a dump', Number.NaN],
])('refused: %s', async (_what, who, why, forMs) => {
  const inhibitors = await Inhibitors.open(directory, clock);
  await expect(inhibitors.add(who, why, forMs)).rejects.toMatchObject({ code: 'USAGE' });
  expect(inhibitors.list()).toEqual([]);
});

test('there are 64 at most', async () => {
  const inhibitors = await Inhibitors.open(directory, clock);
  for (let number = 0; number < 64; number += 1) await inhibitors.add(`w${number}`, 'a dump', hour);
  await expect(inhibitors.add('one', 'more', hour)).rejects.toMatchObject({ code: 'USAGE' });
  await inhibitors.add('w7', 'renewed', hour);
  expect(inhibitors.list()).toHaveLength(64);
});

test('one that was made while the clock was years ahead lasts a day', async () => {
  const ahead = await Inhibitors.open(directory, new ManualClock(start + 9000 * hour));
  await ahead.add('backup', 'a dump', hour);
  const inhibitors = await Inhibitors.open(directory, clock);
  expect(inhibitors.list()).toEqual([{ who: 'backup', why: 'a dump', untilMs: start + 24 * hour }]);
  clock.set(start + 24 * hour);
  expect(inhibitors.list()).toEqual([]);
});

test.each(['', '{"version": 2}', '{'])('a file that says %j counts as none', async (text) => {
  await writeFile(join(directory, 'reboot-inhibitors.json'), text);
  expect((await Inhibitors.open(directory, clock)).list()).toEqual([]);
});
