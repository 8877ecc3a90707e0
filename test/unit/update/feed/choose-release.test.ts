import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { chooseRelease, type UpdatingHost } from '../../../../src/update/feed/choose-release.ts';
import type { Feed, FeedRelease } from '../../../../src/update/feed/feed.ts';
import { whyNotText } from '../../../../src/update/feed/why-not-text.ts';
import { runs } from '../../../support/runs.ts';
import { feedOf, hash, hostOf, noon } from './releases.ts';

/** The version that is chosen, or why there is none. */
function chosen(feed: Feed, host: UpdatingHost): string {
  const { choice } = chooseRelease(feed, host);
  return choice.kind === 'release' ? choice.release.version : whyNotText(choice.why);
}

const one = { version: '1.0' };
const two = { version: '1.1' };

test.each<[string, Feed, UpdatingHost, string]>([
  ['the newest one', feedOf(one, two, { version: '1.2' }), hostOf('1.0'), '1.2'],
  ['nothing when there is nothing newer', feedOf(one, two), hostOf('1.1'), 'there is nothing newer'],
  ['nothing of an empty feed', feedOf(), hostOf('1.0'), 'there is nothing newer'],
  ['nothing older, whatever its version', feedOf({ version: '2.0' }, one), hostOf('1.0'), 'there is nothing newer'],
  [
    'nothing that the boot loader would pass over',
    feedOf(two, { version: '1.0.9' }, { version: '1.1.0' }, { version: '01.1' }),
    hostOf('1.1'),
    '1.1.0',
  ],
  ['nothing below the highest blessed', feedOf(one, two), hostOf('1.0', { sequence: 2 }), 'there is nothing newer'],
  [
    'not the highest blessed, which was rolled back',
    feedOf(one, two),
    hostOf('1.0', { sequence: 2, rejected: [hash('1.1')] }),
    '1.1 failed here before',
  ],
  [
    'the highest blessed, which was rolled back, when it is named',
    feedOf(one, two),
    hostOf('1.0', { sequence: 2, rejected: [hash('1.1')], isNamed: true }),
    '1.1',
  ],
  [
    'nothing below the highest blessed, also when it is named',
    feedOf(one, two),
    hostOf('1.0', { sequence: 3, isNamed: true }),
    'there is nothing newer',
  ],
  ['by version where the sequence is not known', feedOf(one, two), hostOf('0.9'), '1.1'],
  [
    'nothing for other machines',
    feedOf(one, { ...two, architecture: 'arm64' }),
    hostOf('1.0'),
    'there is nothing newer',
  ],
  ['nothing for another kernel', feedOf(one, { ...two, kernel: 'generic' }), hostOf('1.0'), 'there is nothing newer'],
  ['not what is paused', feedOf(one, { ...two, paused: 'wait' }), hostOf('1.0'), '1.1 is paused: wait'],
  ['what is before what is paused', feedOf(one, two, { version: '1.2', paused: 'wait' }), hostOf('1.0'), '1.1'],
  ['not what was revoked', feedOf(one, { ...two, revoked: 'eats data' }), hostOf('1.0'), '1.1 was revoked: eats data'],
  ['not what failed here', feedOf(one, two), hostOf('1.0', { rejected: [hash('1.1')] }), '1.1 failed here before'],
  [
    'not what was refused here',
    feedOf(one, two),
    hostOf('1.0', { refused: [{ digest: hash('1.1'), why: 'nobody signed it' }] }),
    '1.1 was refused here: nobody signed it',
  ],
  [
    'what is before what was refused here',
    feedOf(one, two, { version: '1.2' }),
    hostOf('1.0', { refused: [{ digest: hash('1.2'), why: 'nobody signed it' }] }),
    '1.1',
  ],
  [
    'what came after what failed here',
    feedOf(one, two, { version: '1.2' }),
    hostOf('1.0', { rejected: [hash('1.1')] }),
    '1.2',
  ],
  ['not what is a dead end', feedOf(one, { ...two, deadEnd: 'no more' }), hostOf('1.0'), '1.1 is a dead end: no more'],
  [
    'nothing from a dead end on',
    feedOf({ ...one, deadEnd: 'reinstall' }, two),
    hostOf('1.0'),
    '1.0 is a dead end: reinstall',
  ],
  ['not past its minimum', feedOf(one, { ...two, minimumVersion: '1.0.5' }), hostOf('1.0'), '1.1 needs 1.0.5 first'],
  [
    'what leads to the minimum',
    feedOf(one, { version: '1.0.5' }, { ...two, minimumVersion: '1.0.5' }),
    hostOf('1.0'),
    '1.0.5',
  ],
  ['the pinned version', feedOf(one, two, { version: '1.2' }), hostOf('1.0', { pin: '1.1' }), '1.1'],
  ['of the pinned line', feedOf(one, { version: '1.0.9' }, two), hostOf('1.0', { pin: '1.0' }), '1.0.9'],
  [
    'nothing else than the pinned',
    feedOf(one, two),
    hostOf('1.0', { pin: '1.0' }),
    '1.1 is there, but this host is pinned to 1.0',
  ],
  [
    '1.10 is not of line 1.1',
    feedOf(one, { version: '1.10' }),
    hostOf('1.0', { pin: '1.1' }),
    '1.10 is there, but this host is pinned to 1.1',
  ],
  [
    'nothing while it is held',
    feedOf(one, two),
    hostOf('1.0', { heldUntilMs: noon + 1 }),
    'held until 2026-05-01T12:00:00.001Z',
  ],
  ['something when that is over', feedOf(one, two), hostOf('1.0', { heldUntilMs: noon }), '1.1'],
])('%s', (_rule, feed, host, result) => {
  expect(chosen(feed, host)).toBe(result);
});

describe('barriers', () => {
  const barrier = { version: '1.5', barrier: true } as const;
  const last = { version: '2.0' };
  test.each<[string, readonly (Partial<FeedRelease> & { version: string })[], string, string]>([
    ['are taken first', [one, barrier, last], '1.0', '1.5'],
    ['are behind who runs them', [one, barrier, last], '1.5', '2.0'],
    ['what is before them may be taken', [one, two, { ...barrier, paused: 'wait' }, last], '1.0', '1.1'],
    ['are not passed while they are paused', [one, { ...barrier, paused: 'wait' }, last], '1.0', '1.5 is paused: wait'],
    [
      'are not passed when they were revoked',
      [one, { ...barrier, revoked: 'bad' }, last],
      '1.0',
      '1.5 was revoked: bad',
    ],
    [
      'give way to a later one',
      [one, { ...barrier, revoked: 'bad' }, { ...barrier, version: '1.6' }, last],
      '1.0',
      '1.6',
    ],
    ['one after the other', [one, barrier, { ...last, barrier: true }], '1.0', '1.5'],
  ])('%s', (_rule, releases, version, result) => {
    expect(chosen(feedOf(...releases), hostOf(version))).toBe(result);
  });

  test('no host ever passes one (10 000 feeds)', () => {
    const release = fc.record({
      barrier: fc.boolean(),
      revoked: fc.boolean(),
      paused: fc.boolean(),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(release, { minLength: 1, maxLength: 8 }), fc.string(), fc.nat(7), (releases, id, at) => {
        const feed = feedOf(
          ...releases.map(({ barrier: isBarrier, revoked, paused, share }, index) => ({
            version: `${index + 1}`,
            rollout: { kind: 'ramp', start: '2026-05-01T12:00:00Z', share, minutes: 60 } as const,
            ...(isBarrier ? { barrier: true as const } : {}),
            ...(revoked ? { revoked: 'bad' } : {}),
            ...(paused ? { paused: 'wait' } : {}),
          })),
        );
        const { choice } = chooseRelease(feed, hostOf(`${at + 1}`, { id }));
        if (choice.kind === 'none') return;
        const { sequence, revoked, paused } = choice.release;
        expect([revoked, paused]).toEqual([undefined, undefined]);
        expect(sequence).toBeGreaterThan(at + 1);
        const passed = feed.releases.filter((other) => other.sequence > at + 1 && other.sequence < sequence);
        expect(passed.filter((other) => other.barrier === true && other.revoked === undefined)).toEqual([]);
      }),
      runs(5000),
    );
  });
});

test('the order of the feed does not matter', () => {
  const feed = feedOf(one, { version: '1.5', barrier: true }, two, { version: '2.0' });
  fc.assert(
    fc.property(fc.shuffledSubarray(feed.releases, { minLength: 4 }), (releases) => {
      expect(chosen({ ...feed, releases }, hostOf('1.0'))).toBe('1.5');
    }),
  );
});

test('what the host runs is told, also when it was revoked', () => {
  const { running, choice } = chooseRelease(feedOf({ ...one, revoked: 'eats data' }), hostOf('1.0'));
  expect(running).toMatchObject({ version: '1.0', revoked: 'eats data' });
  expect(choice).toEqual({ kind: 'none', why: { kind: 'newest' } });
});

describe('urgent releases', () => {
  const start = '2026-06-01T00:00:00Z';
  const rollout = { kind: 'ramp', start, share: 0, minutes: 60 } as const;
  test('do not wait for their rollout', () => {
    expect(chosen(feedOf(one, { ...two, rollout }), hostOf('1.0'))).toMatch(/^1\.1 is offered to 0\.0 % of the hosts/);
    expect(chosen(feedOf(one, { ...two, rollout, urgent: true }), hostOf('1.0'))).toBe('1.1');
  });

  test('can be paused', () => {
    expect(chosen(feedOf(one, { ...two, rollout, urgent: true, paused: 'wait' }), hostOf('1.0'))).toBe(
      '1.1 is paused: wait',
    );
  });
});

describe('wariness', () => {
  const at = (share: number, wariness: number): string => {
    const rollout = { kind: 'waves', start: '2026-05-01T12:00:00Z', waves: [{ afterMinutes: 0, share }] } as const;
    return chosen(feedOf(one, { ...two, rollout }), hostOf('1.0', { wariness }));
  };
  test.each([
    [0.01, 0, '1.1'],
    [0.5, 0.4, '1.1'],
    [0.5, 0.6, '1.1 is offered to 50.0 % of the hosts so far, this one comes at 60.0 %'],
    [0.99, 1, '1.1 is offered to 99.0 % of the hosts so far, this one comes at 100.0 %'],
    [1, 1, '1.1'],
  ])('share %d, wariness %d', (share, wariness, result) => {
    expect(at(share, wariness)).toBe(result);
  });
});
