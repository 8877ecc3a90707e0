import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { blessedFile, isOurs, parseBootEntry } from '../../../src/boot/boot-entry.ts';
import { decodeText } from '../../../src/boot/efi-variables.ts';
import { bootOrder } from '../../../src/boot/entry-order.ts';

test.each([
  { file: 'berth_1.4.2.efi', entry: { name: 'berth_1.4.2', version: '1.4.2' } },
  { file: 'berth_1.4.2+3.efi', entry: { name: 'berth_1.4.2', version: '1.4.2', tries: { left: 3, done: 0 } } },
  { file: 'berth_1.4.2+0-3.efi', entry: { name: 'berth_1.4.2', version: '1.4.2', tries: { left: 0, done: 3 } } },
  { file: 'berth_1+a+2-1.EFI', entry: { name: 'berth_1+a', version: '1+a', tries: { left: 2, done: 1 } } },
  { file: 'berth_1.0+rc.efi', entry: { name: 'berth_1.0+rc', version: '1.0+rc' } },
  { file: 'rescue.efi', entry: { name: 'rescue', version: '' } },
])('$file is an entry', ({ file, entry }) => {
  expect(parseBootEntry(file)).toEqual({ file, ...entry });
});

test.each(['.efi', 'berth_1.conf', 'berth_1.efi.new'])('%s is none', (file) => {
  expect(parseBootEntry(file)).toBeUndefined();
});

test('a blessed entry has its name and no counter', () => {
  expect(blessedFile({ name: 'berth_1.4.2' })).toBe('berth_1.4.2.efi');
});

test.each(['berth_1.4.2+3.efi', 'berth_1.efi', 'BERTH_~1.EFI'])('%s is one of ours', (file) => {
  expect(isOurs(file)).toBe(true);
});

test.each(['other_1.efi', 'berth.efi', 'berth_1.txt'])('%s is somebody else’s', (file) => {
  expect(isOurs(file)).toBe(false);
});

const order = (files: readonly string[]): string[] =>
  bootOrder(files.flatMap((file) => parseBootEntry(file) ?? [])).map(({ file }) => file);

const rows = [
  { what: 'the newer version first', files: ['berth_1.10.efi', 'berth_1.9.efi'] },
  { what: 'one on trial before an older one', files: ['berth_2+3.efi', 'berth_1.efi'] },
  { what: 'one without tries left last', files: ['berth_1.efi', 'berth_2+0-3.efi'] },
  { what: 'a pre-release after its release', files: ['berth_2.efi', 'berth_2~rc1.efi'] },
  { what: 'a blessed twin first', files: ['berth_2.efi', 'berth_2+2-1.efi', 'berth_2+1-2.efi', 'berth_2+0-3.efi'] },
];

test.each(rows)('boot order: $what', ({ files }) => {
  fc.assert(
    fc.property(fc.shuffledSubarray(files, { minLength: files.length }), (shuffled) => {
      expect(order(shuffled)).toEqual(files);
    }),
  );
});

test('a variable is text up to a zero', () => {
  const text = Buffer.from('\\EFI\\Linux\\berth_1+3.efi\0rest', 'utf16le');
  expect(decodeText(text)).toBe('\\EFI\\Linux\\berth_1+3.efi');
});
