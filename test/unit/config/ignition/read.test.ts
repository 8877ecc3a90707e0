import { describe, expect, test } from '@jest/globals';
import { emptyHostConfig } from '../../../../src/config/host-config.ts';
import { rejected } from '../../../../src/config/parse.ts';
import { lines, parseText } from './support.ts';

const verdicts: { name: string; text: string; lines: string[] }[] = [
  { name: 'the least config', text: '{"ignition": {"version": "3.0.0"}}', lines: [] },
  { name: 'the least config of version 2', text: '{"ignition": {"version": "2.4.0"}}', lines: [] },
  {
    name: 'a version that is not known',
    text: '{"ignition": {"version": "3.9.0"}}',
    lines: ['error 1:26 ignition.version: "3.9.0" is no known version'],
  },
  {
    name: 'no version',
    text: '{"ignitionVersion": 2}',
    lines: ['error 1:1 : "ignition.version" is missing: it says which specification the config follows'],
  },
  {
    name: 'a syntax error',
    text: '{"ignition": {"version": "3.0.0"},\n}',
    lines: ['error 2:1 : cannot be read as JSON: found "}" where a key in double quotes must stand'],
  },
  {
    name: 'an unknown key, at its place',
    text: '{"ignition": {"version": "3.0.0"},\n  "storage": {"file": []}}',
    lines: ['warning 2:15 storage.file: unknown key "file": it has no effect'],
  },
  {
    name: "a later version's key",
    text: '{"ignition": {"version": "3.0.0"}, "kernelArguments": {}}',
    lines: ['warning 1:36 kernelArguments: unknown key "kernelArguments": it has no effect'],
  },
  {
    name: 'a key in other letter case',
    text: '{"Ignition": {"version": "3.0.0"}}',
    lines: ['warning 1:2 Ignition: "Ignition" is read as "ignition"'],
  },
  {
    name: 'a key that stands twice',
    text: '{"ignition": {"version": "2.0.0", "version": "3.0.0"}}',
    lines: ['warning 1:35 ignition.version: "version" stands more than once; the last one counts'],
  },
  {
    name: 'a key that stands twice, the first time with what version 2.0 cannot read',
    text: '{"ignition": {"version": "2.0.0", "config": {"replace": {"source": "http://a b", "source": "http://a.example"}}}}',
    lines: [
      'warning 1:82 ignition.config.replace.source: "source" stands more than once; the last one counts',
      'error 1:92 ignition.config.replace.source: a "source" before this one is not well-formed',
    ],
  },
  {
    name: 'a mode in quotes, and a fraction',
    text: '{"ignition":{"version":"3.0.0"},"storage":{"files":[{"path":"/a","mode":"420"},{"path":"/b","mode":1.0}]}}',
    lines: [
      'error 1:73 storage.files[0].mode: expected a whole number, found "420"',
      'error 1:100 storage.files[1].mode: expected a whole number, found the number 1.0',
    ],
  },
  {
    name: 'a path that stands twice',
    text: '{"ignition":{"version":"3.0.0"},"storage":{"files":[{"path":"/a"}],"links":[{"path":"/a","target":"b"}]}}',
    lines: ['error 1:77 storage.links[0]: "/a" already stands in the config'],
  },
  {
    name: 'a hash of a later version',
    text: `{"ignition":{"version":"3.0.0"},"storage":{"files":[{"path":"/a","contents":{"source":"data:,","verification":{"hash":"sha256-${'0'.repeat(64)}"}}}]}}`,
    lines: ['error 1:119 storage.files[0].contents.verification.hash: the hash function "sha256" is not known'],
  },
];

describe('reading Ignition', () => {
  test.each(verdicts)('$name', ({ text, lines: expected }) => {
    const result = parseText(text);
    expect(lines(result)).toEqual(expected);
  });

  test.each([
    ['3.0.0', '"kernelArguments":{}', 'version 3.3.0 has it'],
    ['3.4.0', '"networkd":{}', 'versions up to 2.4.0 have it, later ones have not'],
    ['3.1.0', '"storage":{"files":[{"path":"/a","filesystem":"root"}]}', 'versions up to 2.4.0 have it'],
    ['3.2.0', '"storage":{"luks":[{"name":"a","device":"/dev/a","cex":{}}]}', 'version 3.5.0 has it'],
    ['2.0.0', '"storage":{"links":[]}', 'version 2.1.0 has it'],
    ['3.5.0', '"kernelArgument":{}', 'did you mean "kernelArguments"?'],
  ])('an unknown key of %s, %s: %s', (version, part, expected) => {
    const { diagnostics } = parseText(`{"ignition":{"version":"${version}"},${part}}`);
    const hints = diagnostics.filter(({ code }) => code === 'unknown-key').map(({ hint }) => hint);
    expect(hints).toEqual([expect.stringContaining(expected)]);
  });

  test('one error, and nothing is declared', () => {
    const text = '{"ignition":{"version":"3.0.0"},"storage":{"files":[{"path":"/a"},{"path":"b"}]}}';
    const { config, diagnostics } = parseText(text);
    expect(config).toEqual(emptyHostConfig);
    expect(rejected(diagnostics, 'config.ign')).toBe(true);
  });

  test.each([
    ['10 MB', `{"ignition":{"version":"3.0.0"},"x":"${'x'.repeat(10 * 2 ** 20)}"}`],
    ['deep lists', `{"ignition":{"version":"3.0.0"},"x":${'['.repeat(100_000)}`],
    ['many keys of one name', `{"ignition":{"version":"3.0.0"${',"version":"3.0.0"'.repeat(50_000)}}}`],
    ['many members', `{"ignition":{"version":"3.0.0"},"storage":{"files":[${'{},'.repeat(20_000)}{}]}}`],
  ])('%s take no time', (_name, text) => {
    const start = performance.now();
    expect(parseText(text).diagnostics.length).toBeGreaterThan(0);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
