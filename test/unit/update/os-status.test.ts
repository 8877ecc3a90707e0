import { expect, test } from '@jest/globals';
import { hasOpenEnd, lacksBlessing, lastTakenBack, type OsEvent } from '../../../src/update/os-status.ts';

const story = (...lines: readonly string[]): OsEvent[] =>
  lines.map((line) => {
    const [kind = '', version = ''] = line.split(' ');
    return { at: '2026-05-01T00:00:00Z', kind: kind as OsEvent['kind'], version, reason: '' };
  });

test.each([
  { what: 'a first release', events: story('booted 1'), lacks: false },
  { what: 'one that was noted', events: story('staged 2', 'booted 2', 'blessed 2'), lacks: false },
  { what: 'one whose note was lost', events: story('staged 2', 'booted 2'), lacks: true },
  { what: 'one of which nothing but the staging is known', events: story('staged 2'), lacks: true },
  {
    what: 'one that was taken a second time',
    events: story('staged 2', 'blessed 2', 'staged 2', 'booted 2'),
    lacks: true,
  },
  {
    what: 'one that the host came back to',
    events: story('staged 2', 'blessed 2', 'staged 3', 'booted 3', 'rejected 3', 'booted 2'),
    lacks: false,
  },
])('$what lacks its blessing in the history: $lacks', ({ events, lacks }) => {
  expect(lacksBlessing(events, '2')).toBe(lacks);
});

test.each([
  { what: 'a first release', events: story('booted 1'), isOpen: false },
  { what: 'one that waits', events: story('booted 1', 'staged 2'), isOpen: true },
  {
    what: 'one that came up, and is not there any more',
    events: story('staged 3', 'booted 3', 'booted 1'),
    isOpen: true,
  },
  { what: 'one that was taken back', events: story('staged 3', 'booted 3', 'rejected 3', 'booted 1'), isOpen: false },
  { what: 'one that a newer one replaced', events: story('staged 2', 'dropped 2'), isOpen: false },
  { what: 'one that runs', events: story('staged 1', 'booted 1'), isOpen: false },
  { what: 'one that was blessed once', events: story('staged 2', 'blessed 2', 'booted 1'), isOpen: false },
  { what: 'one that was blessed, and does not run', events: story('staged 2', 'booted 2', 'blessed 2'), isOpen: true },
  {
    what: 'one that was blessed and that an operator left',
    events: story('staged 2', 'booted 2', 'blessed 2', 'rolled-back 2'),
    isOpen: false,
  },
  {
    what: 'one that failed once before, was blessed, and does not run',
    events: story('rejected 2', 'booted 1', 'staged 2', 'booted 2', 'blessed 2'),
    isOpen: true,
  },
  { what: 'one that could not be taken back', events: story('staged 2', 'rollback-blocked 2'), isOpen: true },
  { what: 'one whose services were held', events: story('staged 2', 'services-held 2', 'booted 1'), isOpen: true },
])('the end of $what is open: $isOpen', ({ events, isOpen }) => {
  expect(hasOpenEnd(events, '1')).toBe(isOpen);
});

test.each([
  { what: 'nothing', events: story('booted 1', 'staged 2', 'blessed 2'), last: undefined },
  { what: 'one that failed', events: story('staged 2', 'rejected 2', 'booted 1'), last: '2' },
  { what: 'one that an operator left', events: story('blessed 2', 'rolled-back 2', 'booted 1'), last: '2' },
  { what: 'the later of two', events: story('rejected 2', 'rejected 3', 'booted 1'), last: '3' },
  {
    what: 'none that was tried again and holds',
    events: story('rejected 2', 'booted 1', 'staged 2', 'blessed 2'),
    last: undefined,
  },
  { what: 'one that failed once more', events: story('rejected 2', 'blessed 2', 'rejected 2'), last: '2' },
  { what: 'one that another one’s blessing does not mend', events: story('rejected 2', 'blessed 3'), last: '2' },
])('taken back last: $what', ({ events, last }) => {
  expect(lastTakenBack(events)?.version).toBe(last);
});
