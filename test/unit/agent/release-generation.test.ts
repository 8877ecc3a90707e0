import { expect, test } from '@jest/globals';
import type { Generation } from '../../../src/agent/model.ts';
import { releaseReturn } from '../../../src/agent/release-generation.ts';
import type { OsEvent } from '../../../src/update/os-status.ts';

const at = (hour: number): string => `2026-05-01T${String(hour).padStart(2, '0')}:00:00Z`;

/** Releases under which something was applied, one an hour from one o'clock on. */
function generations(...releases: readonly (string | null)[]): Generation[] {
  return releases
    .map((release, index) => ({
      ...{ number: index + 1, createdAt: at(index + 1), source: 'x', configDigest: String(index) },
      ...{ images: {}, release, changes: [], rolledBack: {} },
      state: index === releases.length - 1 ? ('current' as const) : ('previous' as const),
    }))
    .reverse();
}

const event = (kind: OsEvent['kind'], version: string, hour: number): OsEvent => ({
  at: at(hour),
  kind,
  version,
  reason: '',
});

test.each([
  { what: 'nothing was applied', list: generations(), events: [], back: undefined },
  { what: 'nothing happened', list: generations('1.0'), events: [], back: undefined },
  {
    what: 'all was applied under the running release',
    list: generations('1.0', '1.0'),
    events: [event('rejected', '1.1', 9)],
    back: undefined,
  },
  {
    what: 'the newest was applied under one that the guard took back',
    list: generations('1.0', '1.1'),
    events: [event('rejected', '1.1', 9)],
    back: 1,
  },
  {
    what: 'the newest was applied under one that an operator left',
    list: generations('1.0', '1.1', '1.1'),
    events: [event('rolled-back', '1.1', 9)],
    back: 1,
  },
  {
    what: 'it was taken back before that was applied',
    list: generations('1.0', '1.1'),
    events: [event('rejected', '1.1', 1)],
    back: undefined,
  },
  {
    what: 'it ran, and was taken back while the clock was behind',
    list: generations('1.0', '1.1'),
    events: [event('staged', '1.1', 1), event('booted', '1.1', 1), event('rejected', '1.1', 0)],
    back: 1,
  },
  {
    what: 'it was taken back while the clock was ahead, ran again, and was left for a newer one',
    list: generations('0.9', '1.1'),
    events: [
      event('booted', '1.1', 1),
      event('rejected', '1.1', 9),
      event('booted', '1.1', 1),
      event('blessed', '1.1', 1),
    ],
    back: undefined,
  },
  {
    what: 'it was taken back long before, and that it ran again is forgotten',
    list: generations('0.9', '1.1'),
    events: [event('rejected', '1.1', 1), event('booted', '1.0', 3)],
    back: undefined,
  },
  {
    what: 'another one was taken back',
    list: generations('1.0', '1.1'),
    events: [event('rejected', '1.2', 9)],
    back: undefined,
  },
  {
    what: 'there is nothing from before',
    list: generations('1.1'),
    events: [event('rejected', '1.1', 9)],
    back: undefined,
  },
  {
    what: 'what was before is of a time without releases',
    list: generations(null, '1.1'),
    events: [event('rejected', '1.1', 9)],
    back: 1,
  },
])('where $what', ({ list, events, back }) => {
  expect(releaseReturn(list, events, '1.0')?.to).toBe(back);
});
