import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { chooseRelease } from '../../../../src/update/feed/choose-release.ts';
import type { Rollout } from '../../../../src/update/feed/feed.ts';
import { positionOf, shareAt } from '../../../../src/update/feed/rollout.ts';
import { feedOf, hash, hostOf, noon } from './releases.ts';

const start = '2026-05-01T12:00:00Z';
const hour = 3_600_000;
const ramp: Rollout = { kind: 'ramp', start, share: 0.1, minutes: 600 };
const waves: Rollout = {
  kind: 'waves',
  start,
  waves: [
    { afterMinutes: 60, share: 0.01 },
    { afterMinutes: 240, share: 0.05 },
    { afterMinutes: 1440, share: 1 },
  ],
};

test.each<[Rollout, number, number]>([
  [{ kind: 'all' }, 0, 1],
  [ramp, -1, 0],
  [ramp, 0, 0.1],
  [ramp, 5, 0.55],
  [ramp, 10, 1],
  [ramp, 1000, 1],
  [waves, 0.9, 0],
  [waves, 1, 0.01],
  [waves, 3.9, 0.01],
  [waves, 4, 0.05],
  [waves, 24, 1],
])('%j after %d hours', (rollout, hours, share) => {
  expect(shareAt(rollout, noon + hours * hour)).toBeCloseTo(share, 10);
});

test('the share is in [0, 1] and never falls', () => {
  const wave = fc.record({ afterMinutes: fc.nat(5000), share: fc.double({ min: 0, max: 1, noNaN: true }) });
  const any = fc.oneof(
    fc.record({
      kind: fc.constant('waves' as const),
      start: fc.constant(start),
      waves: fc.array(wave, { minLength: 1 }),
    }),
    fc.record({
      kind: fc.constant('ramp' as const),
      start: fc.constant(start),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      minutes: fc.integer({ min: 1, max: 5000 }),
    }),
  );
  fc.assert(
    fc.property(any, fc.integer({ min: -9000, max: 9000 }), fc.nat(9000), (rollout, minutes, later) => {
      const before = shareAt(rollout, noon + minutes * 60_000);
      const after = shareAt(rollout, noon + (minutes + later) * 60_000);
      expect(before).toBeGreaterThanOrEqual(0);
      expect(after).toBeLessThanOrEqual(1);
      expect(after).toBeGreaterThanOrEqual(before);
    }),
  );
});

test('a position is in [0, 1), and the same each time', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (id, digest) => {
      const position = positionOf(id, digest);
      expect(position).toBeGreaterThanOrEqual(0);
      expect(position).toBeLessThan(1);
      expect(positionOf(id, digest)).toBe(position);
    }),
  );
});

describe('10 000 hosts', () => {
  const hosts = Array.from({ length: 10_000 }, (_, index) => `host-${index}`);
  const digests = Array.from({ length: 20 }, (_, index) => hash(`release ${index + 1}`));

  /** Which hosts are offered the release with this digest at a time. */
  function offered(sha256: string, rollout: Rollout, nowMs: number): readonly string[] {
    const manifest = { name: 'release.json', sha256, bytes: 1 };
    const feed = feedOf({ version: '1.0' }, { version: '1.1', rollout, manifest });
    return hosts.filter((id) => chooseRelease(feed, hostOf('1.0', { id, nowMs })).choice.kind === 'release');
  }

  test.each(digests)('shares of %s are within three standard deviations', (digest) => {
    for (const hours of [1, 2.5, 5, 7.5]) {
      const share = shareAt(ramp, noon + hours * hour);
      const deviation = Math.sqrt(hosts.length * share * (1 - share));
      const count = offered(digest, ramp, noon + hours * hour).length;
      expect(Math.abs(count - hosts.length * share)).toBeLessThan(3 * deviation);
    }
  });

  test('who was offered it goes on being offered it', () => {
    const early = offered(digests[0]!, ramp, noon + hour);
    const late = new Set(offered(digests[0]!, ramp, noon + 2 * hour));
    expect(early.filter((id) => !late.has(id))).toEqual([]);
    expect(offered(digests[0]!, ramp, noon + 10 * hour)).toHaveLength(hosts.length);
  });

  test('it is not always the same ones that go first', () => {
    const first = new Set(offered(digests[0]!, ramp, noon + hour));
    const both = offered(digests[1]!, ramp, noon + hour).filter((id) => first.has(id)).length;
    const share = shareAt(ramp, noon + hour) ** 2;
    expect(Math.abs(both - hosts.length * share)).toBeLessThan(3 * Math.sqrt(hosts.length * share * (1 - share)));
  });

  test('a pause lets nobody further in', () => {
    const manifest = { name: 'release.json', sha256: digests[0]!, bytes: 1 };
    const feed = feedOf({ version: '1.0' }, { version: '1.1', rollout: ramp, manifest, paused: 'stop' });
    const inside = hosts.filter(
      (id) => chooseRelease(feed, hostOf('1.0', { id, nowMs: noon + 9 * hour })).choice.kind === 'release',
    );
    expect(inside).toEqual([]);
  });
});
