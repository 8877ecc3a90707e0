import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { plainJson } from '../../../src/config/plain-json.ts';
import { readYaml } from '../../../src/config/yaml-source.ts';

const limits = { nodes: 1000, depth: 8 };
const rulesOf = (key: string) => (key === 'berth' ? 'compose' : 'cloud-init');

/** What the YAML parser makes of a JSON text: a second document start keeps the text from being taken as plain JSON. */
const asYaml = (text: string) => readYaml(`---\n${text}`, { rulesOf });

test('comment lines before it do not count', () => {
  expect(plainJson('#cloud-config\n\n  # by a tool\n{"a": [1, true, null, "x"]}\n', limits)).toEqual({
    a: [1, true, null, 'x'],
  });
});

describe('left to the YAML parser', () => {
  test.each([
    ['a mapping in YAML', 'a: 1'],
    ['a list', '[1]'],
    ['what is not JSON', '{a: 1}'],
    ['a comment after it', '{"a": 1} # b'],
    ['a key that stands twice', '{"a": 1, "b": {"c": 1, "c": 2}}'],
    ['a key that stands twice, written differently', '{"a": 1, "\\u0061": 2}'],
    ['a fraction', '{"a": 1.50}'],
    ['an exponent', '{"a": 1e3}'],
    ['minus zero', '{"a": -0}'],
    ['an integer that is not exact', '{"a": 12345678901234567890}'],
    ['tabs', '{\n\t"a": 1}'],
    ['a long key', `{"${'k'.repeat(2000)}": 1}`],
    ['too many values', JSON.stringify({ a: Array.from({ length: 2000 }, () => 1) })],
    ['what is too deep', `{"a": ${'['.repeat(20)}${']'.repeat(20)}}`],
  ])('%s', (_what, text) => {
    expect(plainJson(text, limits)).toBeUndefined();
  });
});

describe('as the YAML parser reads it', () => {
  const value = fc.jsonValue({ depthSize: 'small', maxDepth: 4 });
  const object = fc.dictionary(fc.string({ unit: 'binary' }), value);

  test.each([0, 2])('values, indented by %i', (indent) => {
    fc.assert(
      fc.property(object, (data) => {
        const text = JSON.stringify(data, undefined, indent);
        const quick = plainJson(text, { nodes: 50_000, depth: 64 });
        if (quick !== undefined) expect(asYaml(text)).toMatchObject({ data: quick, problems: [] });
      }),
    );
  });

  test('places, asked for when there is something to say', () => {
    const text = '#cloud-config\n{"hostname": "a",\n "berth": {"enable": ["ntp"]}}\n';
    const source = readYaml(text, { rulesOf });
    expect(source.positionOf(['berth', 'enable', 0])).toEqual({ line: 3, column: 23 });
    expect([...source.positions().keys()]).toEqual(['hostname', 'berth', 'berth.enable', 'berth.enable[0]']);
  });
});
