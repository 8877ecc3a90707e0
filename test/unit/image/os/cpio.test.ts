import { expect, test } from '@jest/globals';
import { type CpioEntry, writeCpio } from '../../../../image/os/cpio.ts';

/** Reads "newc" as its description says. */
function readCpio(archive: Buffer): { path: string; mode: number; data: string }[] {
  const entries: { path: string; mode: number; data: string }[] = [];
  for (let at = 0; ; ) {
    expect(archive.toString('latin1', at, at + 6)).toBe('070701');
    const field = (index: number) =>
      Number.parseInt(archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const path = archive.toString('latin1', at + 110, at + 110 + nameSize - 1);
    const start = Math.ceil((at + 110 + nameSize) / 4) * 4;
    if (path === 'TRAILER!!!') return entries;
    entries.push({ path, mode, data: archive.toString('latin1', start, start + size) });
    at = Math.ceil((start + size) / 4) * 4;
  }
}

const entries: readonly CpioEntry[] = [
  { kind: 'directory', path: 'bin' },
  { kind: 'file', path: 'bin/sh', data: Buffer.from('shell'), executable: true },
  { kind: 'file', path: 'note', data: Buffer.from('text'), executable: false },
  { kind: 'link', path: 'bin/ash', target: 'sh' },
  { kind: 'device', path: 'console', major: 5, minor: 1 },
];

test('writeCpio gives an archive that can be read, of whole blocks', () => {
  const archive = writeCpio(entries);
  expect(readCpio(archive)).toEqual([
    { path: 'bin', mode: 0o040755, data: '' },
    { path: 'bin/sh', mode: 0o100755, data: 'shell' },
    { path: 'note', mode: 0o100644, data: 'text' },
    { path: 'bin/ash', mode: 0o120777, data: 'sh' },
    { path: 'console', mode: 0o020600, data: '' },
  ]);
  expect(archive.length % 512).toBe(0);
});

test('the same entries give the same bytes', () => {
  expect(writeCpio(entries).equals(writeCpio(entries))).toBe(true);
});
