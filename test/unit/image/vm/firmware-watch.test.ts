import { expect, test } from '@jest/globals';
import { FirmwareWatch, firmwarePatienceMs } from '../../../vm/support/firmware-watch.ts';

const restarted = '[   97.1] reboot: Restarting system\r\n';
const starting = `${restarted}\u001b[2JBdsDxe: starting Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x2,0x0)\r\n\r\n`;
const late = firmwarePatienceMs + 2;

test.each([
  {
    what: 'silent all the time',
    looks: [
      [restarted, 1],
      [restarted, late],
    ],
    isStuck: true,
  },
  {
    what: 'silent, and not long enough',
    looks: [
      [restarted, 1],
      [restarted, 100],
    ],
    isStuck: false,
  },
  {
    what: 'restarted just now',
    looks: [
      ['a', 1],
      [restarted, late],
    ],
    isStuck: false,
  },
  {
    what: 'silent since it started the boot loader',
    looks: [
      [starting, 1],
      [starting, late],
    ],
    isStuck: true,
  },
  {
    what: 'hanging later than in the firmware',
    looks: [
      ['a kernel', 1],
      ['a kernel', late],
    ],
    isStuck: false,
  },
  {
    what: 'reset a moment ago',
    looks: [
      [restarted, 1],
      [restarted, late],
      [restarted, late + 1],
    ],
    isStuck: false,
  },
] as const)('a firmware that is $what is stuck: $isStuck', ({ looks, isStuck }) => {
  const watch = new FirmwareWatch();
  const answers = looks.map(([serial, now]) => watch.isStuck(serial, now));
  expect(answers.at(-1)).toBe(isStuck);
});
