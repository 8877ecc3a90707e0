import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { batchesOf } from '../../../../src/update/transfer/batches.ts';
import { inOrder } from '../../../../src/update/transfer/in-order.ts';
import { planTransfer } from '../../../../src/update/transfer/plan-transfer.ts';
import { payloadOf, type Segment } from '../../../../src/update/transfer/segment.ts';
import { spansOfStream } from '../../../../src/update/transfer/spans-of-stream.ts';
import { TokenBucket } from '../../../../src/update/transfer/token-bucket.ts';
import { never } from './support/slots.ts';

describe('planTransfer', () => {
  test.each([
    ['a delta that is smaller than anything', { full: 1000, index: 10, delta: 100 }, { kind: 'delta', bytes: 100 }],
    ['the full stream when there is nothing else', { full: 1000, index: 10 }, { kind: 'full', bytes: 1010 }],
    ['ranges when a seed has some', { full: 1000, index: 10, missing: 400 }, { kind: 'ranges', bytes: 410 }],
    ['one request rather than many', { full: 1000, index: 10, missing: 1000 }, { kind: 'full', bytes: 1010 }],
    ['no delta that is bigger', { full: 1000, index: 10, delta: 5000 }, { kind: 'full', bytes: 1010 }],
    ['the cheapest of three', { full: 1000, index: 10, delta: 300, missing: 200 }, { kind: 'ranges', bytes: 210 }],
  ] as const)('takes %s', (_, facts, plan) => {
    expect(planTransfer(facts)).toEqual(plan);
  });
});

const gapped = fc.array(
  fc.record({ gap: fc.nat(200_000), length: fc.nat(400_000), blocks: fc.integer({ min: 1, max: 1024 }) }),
);

/** Frames with gaps between their payloads. */
function segmentsOf(shapes: readonly { gap: number; length: number; blocks: number }[]): Segment[] {
  let block = 0;
  let at = 0;
  return shapes.map(({ gap, length, blocks }) => {
    const payload = { start: at + gap, end: at + gap + length };
    const segment: Segment = { kind: 'frame', block, blocks, payload, keys: new Uint8Array() };
    block += blocks;
    at = payload.end;
    return segment;
  });
}

test('batches hold all segments in order, and ask for little that nobody needs', () => {
  fc.assert(
    fc.property(gapped, (shapes) => {
      const segments = segmentsOf(shapes);
      const batches = batchesOf(segments);
      expect(batches.flatMap((batch) => batch.segments)).toEqual(segments);
      for (const { segments: some, span } of batches) {
        const payloads = some.flatMap((segment) => payloadOf(segment) ?? []);
        expect(span).toEqual({ start: payloads[0]?.start, end: payloads.at(-1)?.end });
        if (some.length === 1 || span === undefined) continue;
        expect(span.end - span.start).toBeLessThanOrEqual(384 * 1024);
        for (const [at, { start }] of payloads.entries())
          expect(start - (payloads[at - 1]?.end ?? start)).toBeLessThanOrEqual(16 * 1024);
      }
    }),
  );
});

async function allOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* streamOf(bytes: Uint8Array, pieces: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const piece of [...pieces, bytes.length]) {
    yield bytes.subarray(at, at + piece);
    at += piece;
    if (at >= bytes.length) return;
  }
}

test('parts are cut out of a stream however it arrives', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc.array(fc.nat(30)),
      fc.array(fc.nat(200), { maxLength: 8 }),
      async (bytes, pieces, edges) => {
        const points = [...new Set(edges.map((edge) => edge % (bytes.length + 1)))].sort((a, b) => a - b);
        const spans = points.slice(1).map((end, at) => ({ start: points[at] ?? 0, end }));
        const parts = await allOf(spansOfStream('file', streamOf(bytes, pieces), spans));
        expect(parts).toEqual(spans.map(({ start, end }) => bytes.slice(start, end)));
      },
    ),
  );
});

test('a stream that ends too early is refused', async () => {
  const parts = spansOfStream('file', streamOf(new Uint8Array(10), []), [{ start: 5, end: 11 }]);
  await expect(allOf(parts)).rejects.toMatchObject({ code: 'RELEASE_REFUSED' });
});

describe('inOrder', () => {
  test('keeps the order and the limit', async () => {
    let running = 0;
    let most = 0;
    const work = async (item: number): Promise<number> => {
      running += 1;
      most = Math.max(most, running);
      for (let turn = 10 - item; turn > 0; turn -= 1) await setImmediate();
      running -= 1;
      return item * 2;
    };
    const results = await allOf(inOrder([1, 2, 3, 4, 5, 6], { most: 3, signal: never }, work));
    expect(results).toEqual([2, 4, 6, 8, 10, 12]);
    expect(most).toBe(3);
  });

  test('lets something too heavy through alone', async () => {
    const options = { most: 3, weight: (item: number) => item, signal: never };
    expect(await allOf(inOrder([9, 1, 9], options, async (item) => item))).toEqual([9, 1, 9]);
  });

  test('ends the others when one fails', async () => {
    const ended: number[] = [];
    const work = async (item: number, signal: AbortSignal): Promise<number> => {
      if (item === 1) throw new Error('one');
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          ended.push(item);
          reject(new Error('ended'));
        });
      });
    };
    await expect(allOf(inOrder([1, 2, 3], { most: 3, signal: never }, work))).rejects.toThrow('one');
    expect(ended).toEqual([2, 3]);
  });

  test('takes items as they come, and lets who gives them go when one fails', async () => {
    let isOpen = true;
    async function* come(): AsyncGenerator<number> {
      try {
        for (let item = 1; ; item += 1) {
          await setImmediate();
          yield item;
        }
      } finally {
        isOpen = false;
      }
    }
    const results: number[] = [];
    const work = async (item: number): Promise<number> => (item === 5 ? Promise.reject(new Error('five')) : item);
    const reading = (async () => {
      for await (const result of inOrder(come(), { most: 2, signal: never }, work)) results.push(result);
    })();
    await expect(reading).rejects.toThrow('five');
    expect(results).toEqual([1, 2, 3, 4]);
    expect(isOpen).toBe(false);
  });
});

test('a rate is kept over time, with a second’s worth at once', async () => {
  let now = 0;
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  const bucket = new TokenBucket(1000, clock);
  for (let taken = 0; taken < 60; taken += 1) await bucket.take(500, never);
  expect(now).toBe(29_000);
  now -= 100_000;
  await bucket.take(500, never);
  expect(now).toBe(29_000 - 100_000 + 1000);
});
