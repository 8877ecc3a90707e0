import { describe, expect, test } from '@jest/globals';
import { isIpAddress } from '../../../../src/config/compose/ip-address.ts';
import { parsePortShort } from '../../../../src/config/compose/port.ts';
import { splitShellWords } from '../../../../src/config/compose/shell-words.ts';
import { parseVolumeShort } from '../../../../src/config/compose/volume.ts';

const tcp = { mode: 'ingress', protocol: 'tcp' };

describe('parsePortShort', () => {
  test.each([
    ['a container port: the engine picks the host port', '80', [{ ...tcp, target: 80 }]],
    ['host and container', '8080:80', [{ ...tcp, target: 80, published: '8080' }]],
    ['a protocol in any case', '53:53/UDP', [{ mode: 'ingress', protocol: 'udp', target: 53, published: '53' }]],
    ['an IPv4 address', '127.0.0.1:81:80', [{ ...tcp, host_ip: '127.0.0.1', target: 80, published: '81' }]],
    ['an address without a host port', '127.0.0.1::80', [{ ...tcp, host_ip: '127.0.0.1', target: 80 }]],
    ['an IPv6 address', '[::1]:81:80', [{ ...tcp, host_ip: '::1', target: 80, published: '81' }]],
    [
      'ranges of one length',
      '8-9:18-19',
      [
        { ...tcp, target: 18, published: '8' },
        { ...tcp, target: 19, published: '9' },
      ],
    ],
    ['a host range for one container port', '8000-8002:80', [{ ...tcp, target: 80, published: '8000-8002' }]],
    [
      'ports in the order of their digits',
      '9-10',
      [
        { ...tcp, target: 10 },
        { ...tcp, target: 9 },
      ],
    ],
  ])('%s', (_rule, spec, expected) => expect(parsePortShort(spec)).toEqual(expected));

  test.each([
    '',
    'http',
    '80/',
    'x:80',
    '80:x',
    '70000',
    '80-79',
    '1-2-3',
    '1-2:1-3',
    '80/icmp',
    '1.2.3:80:80',
    'host:80:80',
    '-1',
  ])('%j is refused or has no protocol', (spec) => {
    if (spec === '80/') expect(parsePortShort(spec)).toEqual([{ ...tcp, target: 80 }]);
    else expect(() => parsePortShort(spec)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

describe('parseVolumeShort', () => {
  const bound = { create_host_path: true };
  test.each([
    ['a target alone: an anonymous volume', '/data', { type: 'volume', target: '/data', volume: {} }],
    ['a name: a named volume', 'data:/data', { type: 'volume', source: 'data', target: '/data', volume: {} }],
    ['an absolute path: a bind mount', '/a:/b', { type: 'bind', source: '/a', target: '/b', bind: bound }],
    ['a relative path: a bind mount', './a:/b', { type: 'bind', source: './a', target: '/b', bind: bound }],
    ['a home path: a bind mount', '~/a:/b', { type: 'bind', source: '~/a', target: '/b', bind: bound }],
    ['read-only', 'data:/data:ro', { type: 'volume', source: 'data', target: '/data', read_only: true, volume: {} }],
    [
      'the last of ro and rw counts',
      'data:/data:ro,rw',
      { type: 'volume', source: 'data', target: '/data', volume: {} },
    ],
    ['nocopy', 'data:/data:nocopy', { type: 'volume', source: 'data', target: '/data', volume: { nocopy: true } }],
    [
      'propagation and SELinux label',
      '/a:/b:rslave,Z',
      { type: 'bind', source: '/a', target: '/b', bind: { propagation: 'rslave', selinux: 'Z', ...bound } },
    ],
    ['unknown options are ignored', 'data:/data:fast', { type: 'volume', source: 'data', target: '/data', volume: {} }],
    ['colons inside a variable', '/a:/b/${X:-c}', { type: 'bind', source: '/a', target: '/b/${X:-c}', bind: bound }],
    ['Windows drives', 'C:\\a:D:\\b', { type: 'bind', source: 'C:\\a', target: 'D:\\b', bind: bound }],
    ['one or two characters are a target', 'ab', { type: 'volume', target: 'ab' }],
  ])('%s', (_rule, spec, expected) => expect(parseVolumeShort(spec)).toEqual(expected));

  test.each(['', ':/b', '/a::ro', 'data:/a:ro:', '/a:/b:ro:x'])('%j is refused', (spec) =>
    expect(() => parseVolumeShort(spec)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' })));
});

describe('splitShellWords', () => {
  test.each([
    ['blanks separate', ' a  b\tc\n', ['a', 'b', 'c'], ''],
    ['quotes protect blanks', `a "b c" 'd e'f`, ['a', 'b c', 'd ef'], ''],
    ['empty quotes are a word', `a '' ""`, ['a', '', ''], ''],
    ['one kind of quotes inside the other', `"it's" 'say "x"'`, ["it's", 'say "x"'], ''],
    ['a backslash protects', 'a\\ b "c\\"d" e\\\\', ['a b', 'c"d', 'e\\'], ''],
    ['single quotes keep backslashes', `'a\\b'`, ['a\\b'], ''],
    ['dollars are kept', 'echo $HOME $(a b) `c d`', ['echo', '$HOME', '$(a b)', '`c d`'], ''],
    ['an operator ends the words', 'a b; c', ['a', 'b'], '; c'],
    ['a quoted operator does not', `sh -c 'a && b'`, ['sh', '-c', 'a && b'], ''],
    ['a redirection takes its number', 'a 2>&1', ['a'], '>&1'],
    ['nothing', '', [], ''],
  ])('%s', (_rule, line, words, rest) => expect(splitShellWords(line)).toEqual({ words, rest }));

  test.each(['"a', "'a", 'a\\', 'a (b)', 'a)', '`a'])('%j is refused', (line) =>
    expect(() => splitShellWords(line)).toThrow(/not closed/));
});

describe('isIpAddress', () => {
  test.each([
    '0.0.0.0',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    '1:2:3:4:5:6:7:8',
    '::ffff:1.2.3.4',
    '1::8',
  ])('%s is one', (text) => expect(isIpAddress(text)).toBe(true));
  test.each([
    '',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1:2',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '1.2.3.4::',
    'fe80::1%eth0',
    '12345::',
  ])('%j is not', (text) => expect(isIpAddress(text)).toBe(false));
});
