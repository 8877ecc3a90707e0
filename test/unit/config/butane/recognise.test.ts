import { expect, test } from '@jest/globals';
import { dialectOf } from '../../../../src/config/parse.ts';

const rows: readonly { name: string; text: string; dialect: string | undefined }[] = [
  { name: 'at the margin, last', text: 'storage: {}\nversion: 1.5.0\nvariant: fcos\n', dialect: 'butane' },
  { name: 'behind comments and a mark', text: '\ufeff# a\n\n---\n# b\nvariant: fcos\n', dialect: 'butane' },
  { name: 'indented as a whole', text: '\n  # a\n  version: 1.5.0\n  variant: fcos\n', dialect: 'butane' },
  { name: 'indented below something else', text: 'chart:\n  variant: fcos\n', dialect: undefined },
  { name: 'JSON, first', text: '{"variant": "fcos", "ignition": {}}', dialect: 'butane' },
  {
    name: 'JSON, last',
    text: '{\n  "ignition": {},\n  "version": "1.4.0",\n  "variant": "fcos"\n}',
    dialect: 'butane',
  },
  { name: 'brackets of YAML', text: "{\n  version: '1.0.0',\n  variant: 'fcos',\n}\n", dialect: 'butane' },
  { name: 'a network of tunnels', text: 'version: 2\ntunnels: {}\n', dialect: 'network-config' },
  { name: 'Ignition with the word in a text', text: '{"a": "variant: b", "ignition": {}}', dialect: 'ignition' },
  { name: 'Ignition with the key below', text: '{"ignition": {"variant": 1}}', dialect: 'ignition' },
  { name: 'Ignition that is no JSON', text: '{"ignition": {}, "a": {}, "variant": ', dialect: 'ignition' },
];

test.each(rows)('without a name that tells, the language is known: $name', ({ text, dialect }) => {
  expect(dialectOf({ file: 'config', text })).toBe(dialect);
});
