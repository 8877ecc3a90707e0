import { describe, expect, test } from '@jest/globals';
import { didYouMean, nearMiss } from '../../../src/config/near-miss.ts';

const keys = ['hostname', 'users', 'write_files', 'ntp', 'berth', 'runcmd'];

const rows: { name: string; word: string; near: string | undefined }[] = [
  { name: 'a missing letter', word: 'hostnme', near: 'hostname' },
  { name: 'a letter too much', word: 'userss', near: 'users' },
  { name: 'a wrong letter', word: 'hostnane', near: 'hostname' },
  { name: 'neighbours swapped count once', word: 'tnp', near: 'ntp' },
  { name: 'dashes and letter case do not count', word: 'Write-Files', near: 'write_files' },
  { name: 'nothing near', word: 'kubernetes', near: undefined },
  { name: 'the empty word', word: '', near: undefined },
  { name: 'a very long word is not compared', word: 'x'.repeat(10_000), near: undefined },
];

describe('nearMiss', () => {
  test.each(rows)('$name', ({ word, near }) => {
    expect(nearMiss(word, keys)).toBe(near);
  });

  test('of two near words the nearer one is meant', () => {
    expect(nearMiss('hostname_', ['hostnames_x', 'hostname'])).toBe('hostname');
  });

  test('a suggestion is a question', () => {
    expect(didYouMean('usres', keys)).toBe('did you mean "users"?');
    expect(didYouMean('zzzzzz', keys)).toBeUndefined();
  });
});
