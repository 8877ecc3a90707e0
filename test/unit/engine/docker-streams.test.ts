import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { demultiplexer, drain, jsonLines } from '../../../src/engine/docker-streams.ts';

function frame(stream: 'stdout' | 'stderr', text: string): Buffer {
  const content = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream === 'stderr' ? 2 : 1;
  header.writeUInt32BE(content.length, 4);
  return Buffer.concat([header, content]);
}

/** The bytes in pieces of the given lengths, over and over. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = lengths[turn % lengths.length] ?? 1;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

const lengths = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 });

describe('demultiplexer', () => {
  test('each stream comes out whole, however the bytes arrive', () => {
    const frames = fc.array(
      fc.record({ stream: fc.constantFrom('stdout' as const, 'stderr' as const), text: fc.string() }),
    );
    fc.assert(
      fc.property(frames, lengths, (sent, sizes) => {
        const heard = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
        const feed = demultiplexer((stream, chunk) => heard[stream].push(chunk));
        for (const piece of cut(Buffer.concat(sent.map(({ stream, text }) => frame(stream, text))), sizes)) feed(piece);
        for (const stream of ['stdout', 'stderr'] as const) {
          const expected = sent
            .filter((one) => one.stream === stream)
            .map(({ text }) => text)
            .join('');
          expect(Buffer.concat(heard[stream]).toString()).toBe(expected);
        }
      }),
    );
  });
});

describe('jsonLines', () => {
  test('values come out in order, however the bytes arrive', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ status: fc.string({ unit: 'binary' }) })), lengths, (sent, sizes) => {
        const heard: unknown[] = [];
        const feed = jsonLines((value) => heard.push(value));
        for (const piece of cut(Buffer.from(sent.map((value) => `${JSON.stringify(value)}\r\n`).join('')), sizes))
          feed(piece);
        expect(heard).toEqual(sent);
      }),
    );
  });
});

describe('drain', () => {
  test('resolves at the end of the stream', async () => {
    const stream = new PassThrough();
    const heard: string[] = [];
    const draining = drain(stream, (chunk) => heard.push(chunk.toString()));
    stream.end('text');
    await draining;
    expect(heard).toEqual(['text']);
  });

  test('resolves when the signal aborts, and lets the stream go', async () => {
    const stream = new PassThrough();
    const stop = new AbortController();
    const draining = drain(stream, () => undefined, stop.signal);
    stop.abort();
    await draining;
    expect(stream.destroyed).toBe(true);
  });

  test('rejects when the stream breaks off', async () => {
    const stream = new PassThrough();
    const draining = drain(stream, () => undefined);
    stream.destroy();
    await expect(draining).rejects.toThrow('aborted');
  });

  test('rejects with what the listener throws', async () => {
    const stream = new PassThrough();
    const draining = drain(stream, () => {
      throw new Error('no more');
    });
    stream.write('text');
    await expect(draining).rejects.toThrow('no more');
  });
});
