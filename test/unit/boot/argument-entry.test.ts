import { describe, expect, test } from '@jest/globals';
import {
  argumentEntryName,
  argumentFile,
  digestOf,
  parseArgumentEntry,
  readArgumentText,
  writeArgumentText,
} from '../../../src/boot/argument-entry.ts';
import { parseBootEntry } from '../../../src/boot/boot-entry.ts';
import { parseStarted } from '../../../src/boot/started-entry.ts';

const digest = digestOf('quiet');
const name = `berth_1.4.2-arguments-${digest}`;

test.each([
  { file: `${name}.conf`, is: { name, release: 'berth_1.4.2', digest } },
  { file: `${name}+2-1.conf`, is: { name, release: 'berth_1.4.2', digest, tries: { left: 2, done: 1 } } },
  { file: `${name}+3.CONF`, is: { name, release: 'berth_1.4.2', digest, tries: { left: 3, done: 0 } } },
  { file: 'berth_1.4.2.conf', is: undefined },
  { file: `other_1-arguments-${digest}.conf`, is: undefined },
  { file: `${name}.efi`, is: undefined },
])('$file', ({ file, is }) => {
  expect(parseArgumentEntry(file)).toEqual(is === undefined ? undefined : { file, ...is });
});

test('a name is made of the release and what tells the arguments apart', () => {
  expect(argumentEntryName('berth_1.4.2', 'quiet')).toBe(name);
  expect(argumentEntryName('berth_1.4.2', '')).not.toBe(name);
  expect([argumentFile(name), argumentFile(name, 3)]).toEqual([`${name}.conf`, `${name}+3.conf`]);
});

describe('the text of an entry', () => {
  test('the same arguments give the same bytes', () => {
    const text = { image: 'berth_1.4.2.efi', number: 7, own: 'berth.usr=ab:1 panic=10', arguments: 'quiet a="b c"' };
    const written = writeArgumentText('1.4.2', text);
    expect(written).toBe(
      [
        'efi /EFI/Linux/berth_1.4.2.efi',
        'title Berth 1.4.2 with kernel arguments',
        'sort-key berth',
        'version 1.4.2^7',
        'options berth.usr=ab:1 panic=10',
        'options quiet a="b c"',
        '',
      ].join('\n'),
    );
    expect(readArgumentText(written)).toEqual(text);
  });

  test('no arguments are a text, too', () => {
    const text = { image: 'berth_1+3.efi', number: 2, own: 'panic=10', arguments: '' };
    expect(readArgumentText(writeArgumentText('1', text))).toEqual(text);
  });
});

test('what was started is told from a path or an identifier', () => {
  expect(parseStarted(`\\loader\\entries\\${name}+2-1.conf`)).toMatchObject({ kind: 'arguments', entry: { name } });
  expect(parseStarted(`${name}.conf`)).toMatchObject({ kind: 'arguments', entry: { release: 'berth_1.4.2' } });
  expect(parseStarted('\\EFI\\Linux\\berth_1.4.2+2-1.efi')).toEqual({
    kind: 'release',
    entry: parseBootEntry('berth_1.4.2+2-1.efi'),
  });
  expect(parseStarted('auto-reboot-to-firmware-setup')).toBeUndefined();
});
