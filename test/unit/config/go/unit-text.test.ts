import { expect, test } from '@jest/globals';
import { readUnitText, UnitFault } from '../../../../src/config/go/unit-text.ts';

test.each([
  ['', []],
  ['# only a comment', []],
  ['[Unit]\nDescription=a\n[Install]\nWantedBy=b', ['Unit', 'Install']],
  ['[Install]\n', []],
  ['garbage before\n[Unit]\nA=b\n', ['Unit']],
  ['[Unit]\nA=b \\\n  c\n; comment \\\ngoes on = here\nB=\n', ['Unit']],
  ['[Unit]\r\nA=b\r\n', ['Unit']],
  [`[Unit]\nA=${'x'.repeat(2000)}\n`, ['Unit']],
])('%j', (text, sections) => {
  expect([...readUnitText(text)]).toEqual(sections);
});

test.each([
  ['[Unit', 'a section name has no "]" after it'],
  ['[Unit] x\nA=b', 'there is "x" behind the section name [Unit]'],
  ['[Unit]\nA\nB=c', 'a line of [Unit] has no "="'],
  ['[Unit]\nA', 'the last line is an option without "="'],
  [`[Unit]\nA=${'x'.repeat(5000)}\n`, 'a line has more than 2048 bytes'],
])('%j is wrong', (text, message) => {
  expect(() => readUnitText(text)).toThrow(new UnitFault(message));
});
