import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { UpdateWindow } from '../../../../src/config/host-config.ts';
import { decideReboot, type PermitState, type RebootFacts } from '../../../../src/update/reboot/decide-reboot.ts';
import { openWindow } from '../../../../src/update/reboot/window.ts';
import { runs } from '../../../support/runs.ts';

const hour = 3_600_000;
const now = Date.parse('2026-07-01T12:00:00Z');
const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const opensLater: UpdateWindow = { days, start: '22:00', duration: '2h', timezone: 'UTC' };
const isOpen: UpdateWindow = { days, start: '11:00', duration: '2h', timezone: 'UTC' };
const backup = { who: 'backup', why: 'a dump is being made', untilMs: now + hour };
const migration = { who: 'db', why: 'it migrates', untilMs: now + 2 * hour };
const expired = { who: 'old', why: 'whatever', untilMs: now };
const held: PermitState = { kind: 'held' };

const facts: RebootFacts = {
  strategy: 'immediate',
  nowMs: now,
  stagedAtMs: now - hour,
  isUrgent: false,
  permit: { kind: 'none' },
  inhibitors: [],
  isOperatorAsking: false,
};

const rows: { what: string; facts: Partial<RebootFacts>; decision: unknown }[] = [
  { what: 'immediate: as soon as it is staged', facts: {}, decision: { kind: 'now', why: 'a release is staged' } },
  {
    what: 'staged: never by itself',
    facts: { strategy: 'staged', isUrgent: true, maxDeferralMs: 1 },
    decision: { kind: 'wait', why: 'the strategy is "staged": whoever restarts this host boots the release' },
  },
  {
    what: 'off: never by itself',
    facts: { strategy: 'off', isUrgent: true, maxDeferralMs: 1 },
    decision: { kind: 'wait', why: 'the strategy is "off": whoever restarts this host boots the release' },
  },
  {
    what: 'kernel arguments: as releases',
    facts: { what: 'kernel arguments' },
    decision: { kind: 'now', why: 'kernel arguments are staged' },
  },
  {
    what: 'kernel arguments: never by themselves',
    facts: { what: 'kernel arguments', strategy: 'staged' },
    decision: { kind: 'wait', why: 'the strategy is "staged": whoever restarts this host boots it with them' },
  },
  {
    what: 'an operator goes over everything',
    facts: { strategy: 'off', isOperatorAsking: true, inhibitors: [backup], window: opensLater },
    decision: { kind: 'now', why: 'an operator asked for it' },
  },
  {
    what: 'the window is closed',
    facts: { strategy: 'window', window: opensLater },
    decision: { kind: 'wait', why: 'the window opens at 2026-07-01T22:00:00Z', untilMs: now + 10 * hour },
  },
  {
    what: 'the window is open',
    facts: { strategy: 'window', window: isOpen },
    decision: { kind: 'now', why: 'a release is staged' },
  },
  {
    what: 'a window is needed, and none is there',
    facts: { strategy: 'window' },
    decision: { kind: 'wait', why: 'the strategy is "window", and none is declared' },
  },
  {
    what: 'the window of another strategy does not count',
    facts: { strategy: 'immediate', window: opensLater },
    decision: { kind: 'now', why: 'a release is staged' },
  },
  {
    what: 'an urgent release does not wait for the window',
    facts: { strategy: 'window', window: opensLater, isUrgent: true },
    decision: { kind: 'now', why: 'an urgent release is staged' },
  },
  {
    what: 'an urgent release waits for inhibitors',
    facts: { strategy: 'window', window: opensLater, isUrgent: true, inhibitors: [backup] },
    decision: {
      kind: 'wait',
      why: 'backup postpones it until 2026-07-01T13:00:00Z: a dump is being made',
      untilMs: now + hour,
    },
  },
  {
    what: 'an urgent release waits for the permit',
    facts: { strategy: 'permit', isUrgent: true },
    decision: { kind: 'ask-permit', why: 'it needs a permit' },
  },
  {
    what: 'inhibitors: until the last of them',
    facts: { inhibitors: [backup, migration, expired] },
    decision: {
      kind: 'wait',
      why: 'backup postpones it until 2026-07-01T13:00:00Z: a dump is being made; db postpones it until 2026-07-01T14:00:00Z: it migrates',
      untilMs: now + 2 * hour,
    },
  },
  {
    what: 'an expired inhibitor',
    facts: { inhibitors: [expired] },
    decision: { kind: 'now', why: 'a release is staged' },
  },
  {
    what: 'a permit that is held',
    facts: { strategy: 'permit', permit: held },
    decision: { kind: 'now', why: 'a release is staged' },
  },
  {
    what: 'a permit that is held, after the window closed',
    facts: { strategy: 'permit', permit: held, window: opensLater },
    decision: { kind: 'wait', why: 'the window opens at 2026-07-01T22:00:00Z', untilMs: now + 10 * hour },
  },
  {
    what: 'no permit is asked for while the window is closed',
    facts: { strategy: 'permit', window: opensLater },
    decision: { kind: 'wait', why: 'the window opens at 2026-07-01T22:00:00Z', untilMs: now + 10 * hour },
  },
  {
    what: 'no permit is asked for while somebody postpones it',
    facts: { strategy: 'permit', inhibitors: [backup] },
    decision: expect.objectContaining({ kind: 'wait', untilMs: now + hour }),
  },
  {
    what: 'a permit that was refused',
    facts: { strategy: 'permit', permit: { kind: 'refused', why: 'b has it', untilMs: now + 1 } },
    decision: { kind: 'wait', why: 'no permit: b has it', untilMs: now + 1 },
  },
  {
    what: 'a permit that was refused a while ago',
    facts: { strategy: 'permit', permit: { kind: 'refused', why: 'b has it', untilMs: now } },
    decision: { kind: 'ask-permit', why: 'it needs a permit' },
  },
  {
    what: 'the longest deferral ends a wait',
    facts: { strategy: 'window', window: opensLater, maxDeferralMs: 2 * hour },
    decision: {
      kind: 'wait',
      why: 'the window opens at 2026-07-01T22:00:00Z; deferred until 2026-07-01T13:00:00Z at the latest',
      untilMs: now + hour,
    },
  },
  {
    what: 'the longest deferral ends after a wait',
    facts: { inhibitors: [backup], maxDeferralMs: 12 * hour },
    decision: {
      kind: 'wait',
      why: 'backup postpones it until 2026-07-01T13:00:00Z: a dump is being made; deferred until 2026-07-01T23:00:00Z at the latest',
      untilMs: now + hour,
    },
  },
  {
    what: 'the longest deferral is over: the window does not count',
    facts: { strategy: 'window', window: opensLater, maxDeferralMs: hour },
    decision: {
      kind: 'now',
      why: 'staged at 2026-07-01T11:00:00Z, deferred for as long as may be; passed over: the window opens at 2026-07-01T22:00:00Z',
    },
  },
  {
    what: 'the longest deferral is over: all that is passed over is named',
    facts: { strategy: 'permit', window: opensLater, inhibitors: [backup], maxDeferralMs: hour },
    decision: expect.objectContaining({
      kind: 'now',
      why: expect.stringMatching(
        /passed over: the window opens at \S+; backup postpones it until .*; it needs a permit$/,
      ),
    }),
  },
  {
    what: 'the longest deferral is over: inhibitors do not count',
    facts: { inhibitors: [backup], maxDeferralMs: hour },
    decision: expect.objectContaining({ kind: 'now', why: expect.stringContaining('passed over: backup postpones') }),
  },
  {
    what: 'the longest deferral is over: the permit does not count',
    facts: { strategy: 'permit', maxDeferralMs: hour },
    decision: expect.objectContaining({ kind: 'now', why: expect.stringContaining('passed over: it needs a permit') }),
  },
  {
    what: 'the longest deferral is over, and nothing was in the way',
    facts: { maxDeferralMs: hour },
    decision: { kind: 'now', why: 'a release is staged' },
  },
];

describe('decideReboot', () => {
  test.each(rows)('$what', (row) => {
    expect(decideReboot({ ...facts, ...row.facts })).toEqual(row.decision);
  });

  test('nothing is staged', () => {
    const { stagedAtMs, ...nothing } = facts;
    expect(stagedAtMs).toBeDefined();
    expect(decideReboot(nothing)).toEqual({ kind: 'wait', why: 'no release waits to be booted' });
    expect(decideReboot({ ...nothing, isOperatorAsking: true }).kind).toBe('now');
  });
});

const minute = fc.integer({ min: -3000, max: 3000 }).map((minutes) => now + minutes * 60_000);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const anyFacts: fc.Arbitrary<RebootFacts> = fc
  .record({
    strategy: fc.constantFrom('immediate', 'off', 'staged', 'window', 'permit'),
    window: maybe(
      fc.record({
        days: fc.subarray(days),
        start: fc.integer({ min: 10, max: 23 }).map((start) => `${start}:00`),
        duration: fc.integer({ min: 5, max: 1440 }).map((minutes) => `${minutes}m`),
        timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York'),
      }),
    ),
    nowMs: minute,
    stagedAtMs: maybe(minute),
    maxDeferralMs: maybe(fc.integer({ min: 1, max: 3000 }).map((minutes) => minutes * 60_000)),
    isUrgent: fc.boolean(),
    permit: fc.oneof(
      fc.constant<PermitState>({ kind: 'none' }),
      fc.constant(held),
      minute.map((untilMs): PermitState => ({ kind: 'refused', why: 'r', untilMs })),
    ),
    inhibitors: fc.array(
      minute.map((untilMs) => ({ who: 'w', why: 'y', untilMs })),
      { maxLength: 3 },
    ),
    isOperatorAsking: fc.boolean(),
  })
  .map(
    (all) =>
      Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as RebootFacts,
  );

describe('whatever the facts are', () => {
  test('a wait ends in the future, so nothing turns round and round', () => {
    fc.assert(
      fc.property(anyFacts, (some) => {
        const decision = decideReboot(some);
        if (decision.kind === 'wait' && decision.untilMs !== undefined)
          expect(decision.untilMs).toBeGreaterThan(some.nowMs);
      }),
      runs(500),
    );
  });

  test('a host restarts only with a right to it', () => {
    fc.assert(
      fc.property(anyFacts, (some) => {
        const { strategy, window, nowMs, stagedAtMs, maxDeferralMs, isUrgent, permit, inhibitors } = some;
        const decision = decideReboot(some);
        const isActive = ['immediate', 'window', 'permit'].includes(strategy) && stagedAtMs !== undefined;
        const isOverdue = nowMs >= (stagedAtMs ?? 0) + (maxDeferralMs ?? Number.POSITIVE_INFINITY);
        const noWindowNeeded = strategy === 'immediate' || (strategy === 'permit' && window === undefined) || isUrgent;
        const isTime = noWindowNeeded || (window !== undefined && openWindow(window, nowMs) !== undefined);
        const isFree = inhibitors.every(({ untilMs }) => untilMs <= nowMs);
        const hasPermit = strategy !== 'permit' || permit.kind === 'held';
        const expected = some.isOperatorAsking || (isActive && (isOverdue || (isTime && isFree && hasPermit)));
        expect(decision.kind === 'now').toBe(expected);
        if (decision.kind === 'ask-permit')
          expect([isActive, isTime, isFree, hasPermit]).toEqual([true, true, true, false]);
      }),
      runs(2000),
    );
  });

  test('whoever waits until then is decided anew then: time alone leads to a restart within the longest deferral', () => {
    fc.assert(
      fc.property(anyFacts, fc.integer({ min: 1, max: 3000 }), (some, minutes) => {
        const { strategy, stagedAtMs } = some;
        if (stagedAtMs === undefined || strategy === 'off' || strategy === 'staged') return;
        const dueMs = stagedAtMs + minutes * 60_000;
        let at = Math.min(some.nowMs, dueMs - 1);
        for (let rounds = 0; ; rounds += 1) {
          expect(rounds).toBeLessThan(50);
          const decision = decideReboot({ ...some, maxDeferralMs: minutes * 60_000, nowMs: at });
          if (decision.kind === 'now') break;
          at = decision.kind === 'wait' ? (decision.untilMs ?? Number.NaN) : dueMs;
          expect(at).toBeLessThanOrEqual(dueMs);
        }
      }),
    );
  });
});
