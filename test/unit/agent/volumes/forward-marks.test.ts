import { describe, expect, test } from '@jest/globals';
import {
  decideForward,
  type ForwardMark,
  marksText,
  marksUnder,
  parseMarks,
} from '../../../../src/agent/volumes/forward-marks.ts';
import type { RuledVolume } from '../../../../src/agent/volumes/ruled-volume.ts';
import type { DesiredService, DesiredVolume } from '../../../../src/services/model.ts';

const old = { rootHash: 'aa', version: '1.9.0' };
const newer = { rootHash: 'bb', version: '1.10.0' };
const db: RuledVolume = { rollback: 'forward-only', engine: 'user', name: 'berth_db' };
const files: RuledVolume = { rollback: 'snapshot', engine: 'user', name: 'berth_files' };

const service = (name: string, engine: 'user' | 'system', volumes: readonly string[]) =>
  [name, { name, engine, volumes } as unknown as DesiredService] as const;
const services = new Map([
  service('shop', 'user', ['berth_db', 'berth_files']),
  service('backup', 'user', ['berth_db']),
  service('web', 'user', ['berth_files']),
  service('logs', 'system', ['berth_db']),
]);

const both = ['shop', 'backup'];

const mark = (release: typeof old, by?: string, held = both): ForwardMark => {
  return {
    ...release,
    engine: 'user',
    name: 'berth_db',
    ...(by === undefined ? {} : { held: { by, services: held } }),
  };
};

test.each([
  mark(newer),
  mark(newer, 'aa'),
  mark(newer, 'aa', ['shop']),
  mark(newer, 'aa', []),
])('a mark is a line, and a line is a mark', (one) => {
  expect(parseMarks(marksText([one]))).toEqual([one]);
});

test.each(['', 'bb 1.10.0 user', 'bb 1.10.0 other berth_db', 'bb 1.10.0 user berth db x'])('%j is no mark', (line) => {
  expect(parseMarks(`${line}\n`)).toEqual([]);
});

const why = '1.10.0 ran with its volume user/berth_db, which goes forward only, and this is 1.9.0';
interface Row {
  readonly rule: string;
  readonly running: typeof old;
  readonly before: readonly ForwardMark[];
  readonly ruled?: readonly RuledVolume[];
  /** Declared, without a word on rollbacks. */
  readonly kept?: string;
  readonly held?: readonly string[];
  /** By an operator. */
  readonly stopped?: readonly string[];
  readonly hold?: readonly string[];
  readonly lift?: readonly string[];
  readonly marks: readonly ForwardMark[];
}

test.each<Row>([
  { rule: 'where nothing ran with it yet, nothing is held', running: old, before: [], marks: [] },
  {
    rule: 'under the release that ran with it, nothing is held',
    running: newer,
    before: [mark(newer)],
    marks: [mark(newer)],
  },
  { rule: 'under a later release, nothing is held', running: newer, before: [mark(old)], marks: [mark(old)] },
  {
    rule: 'under the same version with another content, nothing is held',
    running: { rootHash: 'cc', version: '1.10.0' },
    before: [mark(newer)],
    marks: [mark(newer)],
  },
  {
    rule: 'under an older release, its services are held',
    running: old,
    before: [mark(newer)],
    hold: both,
    marks: [mark(newer, 'aa')],
  },
  {
    rule: 'what is held stays so',
    ...{ running: old, before: [mark(newer, 'aa')], held: both, marks: [mark(newer, 'aa')] },
  },
  {
    rule: 'once an operator has started one of them, this release runs with it, and so do the others',
    ...{ running: old, before: [mark(newer, 'aa')], held: ['backup'], lift: ['backup'], marks: [mark(old)] },
  },
  {
    rule: 'one that an operator stops was not started',
    running: old,
    ...{ before: [mark(newer, 'aa')], held: ['backup'], stopped: ['shop'], marks: [mark(newer, 'aa')] },
  },
  {
    rule: 'all of them may be stopped by an operator',
    ...{ running: old, before: [mark(newer, 'aa')], stopped: both, marks: [mark(newer, 'aa')] },
  },
  {
    rule: 'one that comes to use the volume is held, too',
    running: old,
    ...{ before: [mark(newer, 'aa', ['backup'])], held: ['backup'], hold: ['shop'], marks: [mark(newer, 'aa')] },
  },
  {
    rule: 'one that went and comes back was not started',
    running: old,
    ...{ before: [mark(newer, 'aa', [])], hold: both, marks: [mark(newer, 'aa')] },
  },
  {
    rule: 'under another older release, they are held once more',
    running: { rootHash: 'cc', version: '1.9.5' },
    ...{ before: [mark(newer, 'aa')], held: [], hold: both, marks: [mark(newer, 'cc')] },
  },
  {
    rule: 'a release that is new enough lifts what an older one held',
    running: { rootHash: 'dd', version: '1.11.0' },
    ...{ before: [mark(newer, 'aa')], held: both, lift: both, marks: [mark(newer)] },
  },
  {
    rule: 'a release that is new enough leaves alone what an operator stopped',
    running: { rootHash: 'dd', version: '1.11.0' },
    before: [mark(newer, 'aa')],
    ...{ held: ['backup'], stopped: ['shop'], lift: ['backup'], marks: [mark(newer)] },
  },
  {
    rule: 'a service stays held for one of its volumes, though nothing speaks against the other',
    running: old,
    before: [mark(newer, 'aa')],
    ruled: [db, { ...files, rollback: 'forward-only' }],
    ...{ held: both, marks: [mark(newer, 'aa')] },
  },
  {
    rule: 'a volume that does not go forward only any more holds nothing',
    ...{
      running: old,
      before: [mark(newer, 'aa')],
      ruled: [files],
      kept: 'berth_db',
      held: both,
      lift: both,
      marks: [],
    },
  },
  {
    rule: 'a volume that no service uses for now keeps its mark, under the release that ran with it',
    ...{ running: newer, before: [mark(newer)], ruled: [files], marks: [mark(newer)] },
  },
  {
    rule: 'a volume that no service uses for now keeps its mark, and holds its services when they are back',
    ...{ running: old, before: [mark(newer, 'aa')], ruled: [files], held: both, lift: both, marks: [mark(newer)] },
  },
])('$rule', ({
  running,
  before,
  ruled = [db, files],
  kept = '',
  held = [],
  stopped = [],
  hold = [],
  lift = [],
  marks,
}) => {
  const volumes = [{ engine: 'user', name: kept } as unknown as DesiredVolume];
  const decision = decideForward({ services, volumes: kept === '' ? [] : volumes }, ruled, before, running, {
    held: new Set(held),
    stopped: new Set([...held, ...stopped]),
  });
  expect(decision.hold.map(({ service: name }) => name)).toEqual(hold);
  expect({ lift: decision.lift, marks: decision.marks }).toEqual({ lift, marks });
  for (const one of decision.hold) if (running === old) expect(one.why).toBe(why);
});

describe('a mark', () => {
  const under = (before: readonly ForwardMark[], up: readonly ('user' | 'system')[]) =>
    marksUnder([db, files], before, old, new Set(up));

  test.each<[string, ForwardMark[], ForwardMark[]]>([
    ['is of the release whose engine runs', under([], ['user']), [mark(old)]],
    ['is of none before', under([], ['system']), []],
    ['stays that of the release before until then', under([mark(newer)], []), [mark(newer)]],
    ['stays while services are held', under([mark(newer, 'aa')], ['user']), [mark(newer, 'aa')]],
    [
      'stays for a volume that no service uses',
      marksUnder([files], [mark(newer)], old, new Set(['user'])),
      [mark(newer)],
    ],
    ['does not stay for what another release held', under([mark(newer, 'cc')], ['user']), [mark(old)]],
  ])('%s', (_rule, found, expected) => {
    expect(found).toEqual(expected);
  });
});
