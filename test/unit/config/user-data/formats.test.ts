import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { readArchive, writeArchive } from '../../../../src/config/user-data/archive.ts';
import { expandUserData } from '../../../../src/config/user-data/expand.ts';
import { textOfPart } from '../../../../src/config/user-data/part.ts';
import { typeByHeader } from '../../../../src/config/user-data/part-types.ts';

const bytes = (text: string | Uint8Array): Uint8Array => new Uint8Array(Buffer.from(text as string));
const expand = (text: string | Uint8Array): string[] =>
  expandUserData('user-data', bytes(text)).parts.map(
    (part) => `${part.file} ${part.type} ${JSON.stringify(textOfPart(part))}`,
  );
const problems = (text: string | Uint8Array): string[] =>
  expandUserData('user-data', bytes(text)).diagnostics.map(({ file, severity, code }) => `${file} ${severity} ${code}`);

const message = `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Disposition: attachment; filename="set up.sh"
Content-Transfer-Encoding: base64
Content-Type: text/x-shellscript

${Buffer.from('#!/bin/sh\n').toString('base64')}
--b
Content-Type: multipart/mixed; boundary=inner

--inner

#cloud-config
a: 1
--inner--
--b
Content-Type: text/cloud-config
X-Merge-Type: list(append)
Launch-Index: 1

b: 2
--b--
`;

describe('the type of a text', () => {
  test.each([
    ['#!/bin/sh', 'text/x-shellscript'],
    ['#cloud-config\n', 'text/cloud-config'],
    ['  \n#CLOUD-CONFIG\n', 'text/cloud-config'],
    ['\ufeff#cloud-config\n', 'text/cloud-config'],
    ['#cloud-config-archive\n', 'text/cloud-config-archive'],
    ['#cloud-config-jsonp\n', 'text/cloud-config-jsonp'],
    ['#include-once http://a\n', 'text/x-include-once-url'],
    ['#include\n', 'text/x-include-url'],
    ['## template: jinja\n', 'text/jinja2'],
    ['#cloud-boothook\n', 'text/cloud-boothook'],
    ['#part-handler\n', 'text/part-handler'],
    ['hostname: a\n', undefined],
    ['# cloud-config\n', undefined],
  ])('%j is %s', (text, type) => expect(typeByHeader(text)).toBe(type));
});

describe('parts', () => {
  test('of a message, nested, encoded, with names', () => {
    expect(expand(message)).toEqual([
      'user-data#set up.sh text/x-shellscript "#!/bin/sh\\n"',
      'user-data#part-2 text/cloud-config "#cloud-config\\na: 1"',
      'user-data#part-3 text/cloud-config "b: 2"',
    ]);
    expect(expandUserData('u', bytes(message)).parts.map(({ mergeType }) => mergeType)).toEqual([
      undefined,
      undefined,
      'list(append)',
    ]);
    expect(problems(message)).toEqual(['user-data#part-3 warning unsupported']);
  });

  test('of packed documents', () => {
    expect(expand(gzipSync(message))).toEqual(expand(message));
    expect(expand(gzipSync('#cloud-config\n'))).toEqual(['user-data text/cloud-config "#cloud-config\\n"']);
  });

  test('of an archive in an archive', () => {
    const inner = '#cloud-config-archive\n- "#!/bin/sh"\n';
    const outer = `#cloud-config-archive\n- ${JSON.stringify(inner)}\n- {content: "x: 1", filename: x.yaml}\n`;
    expect(expand(outer)).toEqual([
      'user-data#part-1 text/x-shellscript "#!/bin/sh"',
      'user-data#x.yaml text/cloud-config "x: 1"',
    ]);
  });

  test.each([
    ['an archive that is a mapping', '#cloud-config-archive\na: 1\n', 'user-data error wrong-type'],
    ['an archive that is no YAML', '#cloud-config-archive\n- [\n', 'user-data error yaml-syntax'],
    ['a number in an archive', '#cloud-config-archive\n- 1\n', 'user-data error wrong-type'],
    ['a type without a slash', '#cloud-config-archive\n- {type: x, content: a}\n', 'user-data error wrong-type'],
    ['torn gzip', Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]), 'user-data error not-gzip'],
    ['much in little', gzipSync(Buffer.alloc(40 * 2 ** 20)), 'user-data error too-large'],
    [
      'a message without parts',
      'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n',
      'user-data error mime',
    ],
  ])('%s is reported', (_, text, expected) => expect(problems(text)[0]).toBe(expected));

  test('no more than a thousand', () => {
    const many = `#cloud-config-archive\n${JSON.stringify(Array(1200).fill('#!/bin/sh'))}`;
    expect([expand(many).length, problems(many)]).toEqual([1000, ['user-data error too-large']]);
  });
});

test('parts written as an archive are the same parts', () => {
  const { parts } = expandUserData('user-data', bytes(message));
  const binary = { ...parts[0]!, bytes: new Uint8Array([0, 255, 1]), name: 'x.bin', type: 'application/octet-stream' };
  const again = expandUserData('user-data', bytes(writeArchive([...parts, binary]))).parts;
  const seen = (list: typeof parts): unknown =>
    list.map(({ type, name, bytes: body, mergeType }) => [type, name, [...body], mergeType]);
  expect(seen(again)).toEqual(seen([...parts, binary]));
});

test('a list of an archive keeps the headers of its parts', () => {
  const [leaf] = readArchive('f', '#cloud-config-archive\n- {content: "a: 1", Merge-Type: str()}\n').entries;
  expect([...(leaf?.headers ?? [])]).toEqual([['merge-type', 'str()']]);
});
