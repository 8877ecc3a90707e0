import { expect, test } from '@jest/globals';
import { asTypedHere } from '../../../src/cli/typed-here.ts';

const commands = new Set(['status', 'os', 'release', 'vm', 'up']);

test.each<[string, string | undefined, string, string]>([
  ['berth', undefined, 'berth os status shows it', 'berth os status shows it'],
  ['./berth', undefined, '"berth release resume" offers it again', '"./berth release resume" offers it again'],
  ['./berth', undefined, 'berth os status, berth status', './berth os status, ./berth status'],
  ['./berth', 'demo', 'berth os status shows it', './berth --vm demo os status shows it'],
  ['./berth', 'demo', 'berth vm logs demo, berth up', './berth vm logs demo, ./berth up'],
  ['./berth', 'demo', './berth --vm demo status', './berth --vm demo status'],
  [
    './berth',
    undefined,
    'the berth user, /run/berth os, x-berth status',
    'the berth user, /run/berth os, x-berth status',
  ],
])('called %s with the VM %s: %s', (program, vm, text, typed) => {
  expect(asTypedHere(text, { program, vm, commands })).toBe(typed);
});
