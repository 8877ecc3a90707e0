import { expect, test } from '@jest/globals';
import { bootMessages, lastLines, plainLines } from '../../../../image/vm/serial-text.ts';

const serial =
  '\u001b[2J\u001b[01;01HBdsDxe: starting\r\n\u001b[0m[    1.2] kernel says berth: no\r\nberth: slot a is mounted\r\n\r\nberth: \u001b[32mhealthy\u001b[0m\r\nhalf';

test('escape sequences, carriage returns and blanks at the end are no text', () => {
  expect(plainLines(serial)).toEqual([
    'BdsDxe: starting',
    '[    1.2] kernel says berth: no',
    'berth: slot a is mounted',
    '',
    'berth: healthy',
    'half',
  ]);
});

test('messages are lines of Berth’s own', () => {
  expect(bootMessages(serial)).toEqual(['slot a is mounted', 'healthy']);
});

test('the last lines leave out empty ones', () => {
  expect(lastLines(serial, 3)).toBe('berth: slot a is mounted\nberth: healthy\nhalf');
});
