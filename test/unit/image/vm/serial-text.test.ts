import { expect, test } from '@jest/globals';
import { bootMessages, isBeforeKernel, lastLines, plainLines } from '../../../../image/vm/serial-text.ts';

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

test.each([
  { what: 'nothing yet', shown: '', isBefore: true },
  { what: 'a cleared screen', shown: '\u001b[2J\u001b[01;01H', isBefore: true },
  { what: 'the kernel restarts', shown: `${serial}\r\n[   97.1] reboot: Restarting system\r\n`, isBefore: true },
  { what: 'a panic restarts', shown: `${serial}\r\n[  3.2] Rebooting in 5 seconds..\r\n`, isBefore: true },
  {
    what: 'the firmware after that',
    shown: 'reboot: Restarting system\r\nBdsDxe: starting Boot0002 "UEFI Misc Device" from PciRoot(0x0)\r\n\r\n',
    isBefore: true,
  },
  {
    what: 'the kernel after that',
    shown: 'BdsDxe: starting Boot0002 "UEFI Misc Device" from PciRoot(0x0)\r\nEFI stub: Loaded initrd\r\n',
    isBefore: false,
  },
  { what: 'a line that is not whole', shown: serial, isBefore: false },
])('before the kernel: $what: $isBefore', ({ shown, isBefore }) => {
  expect(isBeforeKernel(shown)).toBe(isBefore);
});
