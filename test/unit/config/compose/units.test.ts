import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatDuration, fromHumanSize, parseBytes, parseDuration } from '../../../../src/config/compose/units.ts';

describe('parseBytes: every unit is a power of 1024', () => {
  test.each([
    ['64', 64],
    ['64b', 64],
    ['64 B', 64],
    ['1.5k', 1536],
    ['2 KiB', 2048],
    ['3mb', 3 * 2 ** 20],
    ['.5g', 2 ** 29],
    ['1TiB', 2 ** 40],
    ['7.9', 7],
    ['5 ', 5],
    ['-0', 0],
    ['8P', 8 * 2 ** 50],
  ])('%j is %d bytes', (text, expected) => expect(parseBytes(text)).toBe(expected));

  test.each([
    '',
    ' ',
    '.',
    'm',
    '-1',
    '1x',
    '1kk',
    '1kib ',
    '1 k b',
    ' 1',
    '1bb',
    '1ik',
    'twelve',
  ])('%j is refused', (text) =>
    expect(() => parseBytes(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' })));
});

describe('fromHumanSize: every unit is a power of 1000', () => {
  test.each([
    ['64', 64],
    ['1.5kB', 1500],
    ['2 MB', 2e6],
    ['1p', 1e15],
  ])('%j is %d bytes', (text, expected) => expect(fromHumanSize(text)).toBe(expected));
});

describe('durations are written as in Go, days and weeks besides', () => {
  test.each([
    ['0', 0],
    ['10s', 10e9],
    ['1m30s', 90e9],
    ['1.5h', 5400e9],
    ['250ms', 250e6],
    ['3us', 3000],
    ['3µs', 3000],
    ['7ns', 7],
    ['2d', 172800e9],
    ['1w1h', 608400e9],
    ['-2s', -2e9],
    ['+2s', 2e9],
  ])('%j is %d ns', (text, expected) => expect(parseDuration(text)).toBe(expected));

  test.each(['', 's', '10', '10 s', '1m 30s', '1.2.3s', 'soon', '1x', '9999999999h'])('%j is refused', (text) =>
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' })));

  test.each([
    [0, '0s'],
    [1, '1ns'],
    [1500, '1.5µs'],
    [250e6, '250ms'],
    [1.5e9, '1.5s'],
    [60e9, '1m0s'],
    [3600e9, '1h0m0s'],
    [5445.25e9, '1h30m45.25s'],
    [-90e9, '-1m30s'],
  ])('%d ns is written %j', (duration, expected) => expect(formatDuration(duration)).toBe(expected));

  test('reading what was written gives the same duration', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), (duration) => {
        expect(parseDuration(formatDuration(duration))).toBe(duration);
      }),
    );
  });
});
