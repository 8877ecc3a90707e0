import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pullProgress } from '../../../src/engine/docker-pull.ts';

const at = (id: string, status: string, current = 0, total = 0) => ({
  id,
  status,
  progressDetail: total === 0 ? {} : { current, total },
});

test('layers weigh by size; download is seven tenths of a layer, unpacking the rest', () => {
  const after = pullProgress();
  expect(after({ status: 'Pulling from library/web', id: '1.4' })).toBe(0);
  expect(after(at('a', 'Pulling fs layer'))).toBe(0);
  expect(after(at('b', 'Already exists'))).toBeCloseTo(0.5);
  after(at('a', 'Downloading', 0, 300));
  expect(after(at('a', 'Downloading', 150, 300))).toBeCloseTo((0.35 + 1) / 2);
  expect(after(at('a', 'Download complete'))).toBeCloseTo((0.7 + 1) / 2);
  expect(after(at('a', 'Pull complete'))).toBe(1);
});

test('progress stays between 0 and 1 and never goes back', () => {
  const status = fc.constantFrom(
    'Pulling fs layer',
    'Waiting',
    'Downloading',
    'Verifying Checksum',
    'Download complete',
    'Extracting',
    'Pull complete',
    'Already exists',
  );
  const line = fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    status,
    progressDetail: fc.record({ current: fc.nat(), total: fc.nat() }),
  });
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const after = pullProgress();
      let last = 0;
      for (const one of lines) {
        const fraction = after(one);
        expect(fraction).toBeGreaterThanOrEqual(last);
        expect(fraction).toBeLessThanOrEqual(1);
        last = fraction;
      }
    }),
  );
});
