import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { configShape } from '../../../../src/config/dialects/butane/spec/config.ts';
import { specs } from '../../../../src/config/dialects/butane/spec/variants.ts';
import { parseConfig } from '../../../../src/config/parse.ts';
import { generateButane, mutate } from '../../../languages/support/butane-mutator.ts';
import { seededRandom } from '../../../support/random.ts';

/** A position in the text for every diagnostic, and no exception. */
function expectSound(text: string): void {
  const { diagnostics } = parseConfig([{ file: 'f', text }], { dialect: 'butane' });
  const lines = text.split(/\r\n|[\r\n]/).length + 1;
  for (const { line, column } of diagnostics) {
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines);
    expect(column).toBeGreaterThanOrEqual(1);
  }
}

describe('no text makes the reader fail', () => {
  test('any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => expectSound(text)),
      { numRuns: 100 },
    );
  });

  test('configs of every spec, changed at random', () => {
    const random = seededRandom(11);
    for (const spec of specs) {
      const text = generateButane(spec, configShape(spec), random);
      expectSound(text);
      expectSound(mutate(mutate(text, random, [text]), random, [text]));
    }
  });
});
