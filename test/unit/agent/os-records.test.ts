import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { OsRecords } from '../../../src/agent/os-records.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-os-'));
});

afterEach(async () => rm(directory, { recursive: true }));

const booted = { at: '2026-05-01T00:00:00.000Z', kind: 'booted', version: '1.1', reason: '' } as const;

test('events and baseline outlive the agent', async () => {
  const records = await OsRecords.open(directory);
  await records.add(booted);
  await records.save(new Set(['network', 'clock']));
  const again = await OsRecords.open(directory);
  expect(again.events).toEqual([booted]);
  expect(await again.load()).toEqual(new Set(['clock', 'network']));
});

test('what the guard wrote is taken once', async () => {
  await mkdir(join(directory, 'rejected'));
  const lines = [
    '2026-05-01T00:00:00Z it was not healthy within 300 seconds',
    '2026-05-01T00:09:00Z the agent died 5 times in a row ',
    '2026-05-01T00:1',
  ];
  await writeFile(join(directory, 'rejected/berth_1.1.txt'), lines.join('\n'));
  await OsRecords.open(directory);
  const { events } = await OsRecords.open(directory);
  expect(events).toEqual([
    {
      ...{ at: '2026-05-01T00:00:00Z', kind: 'rejected', version: '1.1' },
      reason: 'it was not healthy within 300 seconds',
    },
    { at: '2026-05-01T00:09:00Z', kind: 'rejected', version: '1.1', reason: 'the agent died 5 times in a row' },
  ]);
});

test('kernel arguments that the guard took back are told of the release that runs without them', async () => {
  const records = await OsRecords.open(directory);
  await records.takeRejected('berth_1.1-arguments-0123456789ab', '2026-05-01T00:00:00Z it was not well\n');
  expect(records.events).toEqual([
    { at: '2026-05-01T00:00:00Z', kind: 'arguments-rejected', version: '1.1', reason: 'it was not well' },
  ]);
});

test('what the guard wrote is known though nothing can be written, and taken again', async () => {
  await mkdir(join(directory, 'rejected'));
  await writeFile(join(directory, 'rejected/berth_1.1.txt'), '2026-05-01T00:00:00Z it was not well\n');
  const inTheWay = join(directory, 'os.json.new');
  await mkdir(inTheWay);
  const known = [{ at: '2026-05-01T00:00:00Z', kind: 'rejected', version: '1.1', reason: 'it was not well' }];
  expect((await OsRecords.open(directory)).events).toEqual(known);
  await rm(inTheWay, { recursive: true });
  await OsRecords.open(directory);
  await rm(join(directory, 'rejected'), { recursive: true });
  expect((await OsRecords.open(directory)).events).toEqual(known);
});

test('what the guard wrote in two places is taken once', async () => {
  const text = '2026-05-01T00:00:00Z it was not well\n';
  await mkdir(join(directory, 'rejected'));
  await writeFile(join(directory, 'rejected/berth_1.1.txt'), text);
  const records = await OsRecords.open(directory);
  await records.takeRejected('berth_1.1', text);
  await records.takeRejected('berth_1.2', text);
  await records.takeRejected('berth_1.3', 'an operator’s reason, which the agent noted itself\n');
  expect(records.events.map(({ version, reason }) => `${version}: ${reason}`)).toEqual([
    '1.1: it was not well',
    '1.2: it was not well',
  ]);
});

test('only the newest events are kept', async () => {
  const records = await OsRecords.open(directory);
  for (let count = 0; count < 203; count += 1) await records.add({ ...booted, version: `1.${count}` });
  expect(records.events).toHaveLength(200);
  expect(records.events.at(-1)?.version).toBe('1.202');
});

test('a torn file costs the story', async () => {
  await writeFile(join(directory, 'os.json'), '{"version":1,"ev');
  expect((await OsRecords.open(directory)).events).toEqual([]);
});

test('what was written about volumes is taken once, also while the agent runs', async () => {
  const records = await OsRecords.open(directory);
  await mkdir(join(directory, 'volumes'));
  const lines = [
    '2026-05-01T00:00:00Z volumes-copied 1.0 user/db before 1.1',
    '2026-05-01T00:09:00Z something-else 1.1 that this release does not know',
    '2026-05-01T00:09:00Z rollback-blocked 1.1 it was not healthy',
    '2026-05-01T00:1',
  ];
  await writeFile(join(directory, 'volumes/events'), lines.join('\n'));
  await records.takeTold();
  await records.takeTold();
  expect(records.events).toEqual([
    { at: '2026-05-01T00:00:00Z', kind: 'volumes-copied', version: '1.0', reason: 'user/db before 1.1' },
    { at: '2026-05-01T00:09:00Z', kind: 'rollback-blocked', version: '1.1', reason: 'it was not healthy' },
  ]);
});

test('what was told in a file and has been forgotten is not news', async () => {
  await mkdir(join(directory, 'volumes'));
  await writeFile(join(directory, 'volumes/events'), '2026-04-01T00:00:00Z volumes-copied 1.0 user/db before 1.1\n');
  const records = await OsRecords.open(directory);
  for (let count = 0; count < 200; count += 1) await records.add({ ...booted, version: `2.${count}` });
  await records.takeTold();
  expect(records.events.map(({ kind }) => kind)).not.toContain('volumes-copied');
  expect(records.events.at(-1)?.version).toBe('2.199');
});

test('that a release failed is remembered longer than all else', async () => {
  const records = await OsRecords.open(directory);
  await records.add({ ...booted, kind: 'rejected', reason: 'it was not well' });
  for (let count = 0; count < 300; count += 1) await records.add({ ...booted, version: `2.${count}` });
  expect(records.events).toHaveLength(200);
  expect(records.events.slice(0, 2)).toMatchObject([{ kind: 'rejected' }, { version: '2.101' }]);
});

test.each([
  { what: 'never started', before: [], reason: 'it did not start in 3 tries' },
  { what: 'ran each time for a while', before: [booted], reason: 'it did not prove itself in 3 tries' },
])('a release that used up its tries and $what is told of once for each time it was staged', async (row) => {
  const records = await OsRecords.open(directory);
  const entry = { version: '1.1', tries: { left: 0, done: 3 } };
  const at = '2026-05-02T00:00:00.000Z';
  for (const time of [1, 2]) {
    await records.add({ ...booted, kind: 'staged' });
    for (const event of row.before) await records.add(event);
    await records.takeUsedUp(entry, at);
    await records.add({ ...booted, version: '1.0' });
    await records.takeUsedUp(entry, at);
    const told = records.events.filter(({ kind }) => kind === 'rejected');
    expect(told).toEqual(
      Array.from({ length: time }, () => ({ at, kind: 'rejected', version: '1.1', reason: row.reason })),
    );
  }
});

test('a release does not use up its tries before what happened last, whatever the clock says', async () => {
  const records = await OsRecords.open(directory);
  await records.add({ ...booted, kind: 'staged' });
  await records.takeUsedUp({ version: '1.1', tries: { left: 0, done: 3 } }, '2025-01-01T00:00:00.000Z');
  expect(records.events.at(-1)).toMatchObject({ kind: 'rejected', at: booted.at });
});

test('what an operator took back again, with the same words, is news', async () => {
  const records = await OsRecords.open(directory);
  const reason = 'ops rolled it back';
  await records.add({ at: '2026-05-01T00:00:02.345Z', kind: 'rolled-back', version: '1.1', reason });
  await records.takeRejected('berth_1.1', `2026-05-01T00:00:01Z ${reason}\n`);
  expect(records.events).toHaveLength(1);
  await records.takeRejected('berth_1.1', `2026-05-09T00:00:00Z ${reason}\n`);
  expect(records.events.map(({ at }) => at)).toEqual(['2026-05-01T00:00:02.345Z', '2026-05-09T00:00:00Z']);
});
