import { expect, test } from '@jest/globals';
import { isReported, releaseReport } from '../../../src/agent/release-report.ts';
import type { OsEvent } from '../../../src/update/os-status.ts';

const rejected: OsEvent = {
  ...{ at: '2026-05-01T00:00:00Z', kind: 'rejected', version: '1.2' },
  reason: 'it was not healthy within 100 seconds: shop: http://shop/?key=geheim answered 500',
};
const host = { machineId: 'm', bootId: 'b', hostname: 'h', runs: '1.1' };
const redact = (text: string): string => text.replaceAll('geheim', '…');

test('a report names the release, its digest and why, without secrets', () => {
  const taken = [
    { version: '1.2', digest: 'older', rootHash: 'r1' },
    { version: '1.2', digest: 'd2', rootHash: 'r2' },
    { version: '1.1', digest: 'd1', rootHash: 'r0' },
  ];
  expect(releaseReport({ event: rejected, taken, redact, ...host })).toEqual({
    ...{ kind: 'berth-release', outcome: 'rejected', version: '1.2', digest: 'd2', rootHash: 'r2' },
    reason: 'it was not healthy within 100 seconds: shop: http://shop/?key=… answered 500',
    at: '2026-05-01T00:00:00Z',
    ...host,
  });
});

test('a release that the host never brought itself has no digest, and a long reason an end', () => {
  const event: OsEvent = { ...rejected, kind: 'rolled-back', reason: 'x'.repeat(5000) };
  const report = releaseReport({ event, taken: [{ version: '1.2', digest: '', rootHash: '' }], redact, ...host });
  expect(report).toMatchObject({ outcome: 'rolled-back', digest: null, rootHash: null });
  expect(report.reason).toHaveLength(1000);
});

test.each<[OsEvent['kind'], boolean]>([
  ['rejected', true],
  ['rolled-back', true],
  ['staged', false],
  ['booted', false],
  ['blessed', false],
  ['dropped', false],
  ['update-failed', false],
  ['refused', true],
  ['arguments-rejected', true],
])('%s: reported is %s', (kind, is) => {
  expect(isReported({ ...rejected, kind })).toBe(is);
});
