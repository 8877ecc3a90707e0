import { describe, expect, test } from '@jest/globals';
import type { SourceFile } from '../../../../src/config/dialects/dialect.ts';
import type { EffectiveKey } from '../../../../src/config/user-data/explain.ts';
import { parsePath } from '../../../../src/config/user-data/key-path.ts';
import { withLocalKey } from '../../../../src/config/user-data/local-text.ts';
import { readUserData } from '../../../../src/config/user-data/read-user-data.ts';
import { formatPath } from '../../../../src/core/diagnostic.ts';

const files: SourceFile[] = [
  { file: 'meta', text: '#cloud-config\n{"hostname": "platform"}\n', layer: 'meta-data' },
  { file: 'vendor', text: '#cloud-config\nntp: {enabled: true, pools: [v]}\ntimezone: UTC\n', layer: 'vendor-data' },
  { file: 'user', text: '#cloud-config\nhostname: mine\nntp:\n  pools: [u]\n  servers: [s]\nberth: {enable: [ntp]}\n' },
  { file: 'local', text: '#cloud-config\ntimezone: Europe/Berlin\n', layer: 'local' },
];
const explain = (path?: (string | number)[]): readonly EffectiveKey[] =>
  readUserData(files, () => undefined)!.explain(path);
const lines = (key: EffectiveKey): string[] => [
  `${key.key} = ${JSON.stringify(key.value)}`,
  ...key.from.map(({ layer, file, line, keys }) => `from ${layer} ${file}:${line} ${keys.join(' ')}`),
  ...key.under.map(({ layer, file, line, value }) => `over ${layer} ${file}:${line} ${JSON.stringify(value)}`),
];

describe('a key as it holds', () => {
  test.each([
    [['hostname'], ['hostname = "mine"', 'from user-data user:2 hostname', 'over meta-data meta:2 "platform"']],
    [['timezone'], ['timezone = "Europe/Berlin"', 'from local local:2 timezone', 'over vendor-data vendor:3 "UTC"']],
    [
      ['ntp'],
      [
        'ntp = {"pools":["u"],"servers":["s"],"enabled":true}',
        'from user-data user:4 ntp.pools[0] ntp.servers[0]',
        'from vendor-data vendor:2 ntp.enabled',
      ],
    ],
    [
      ['ntp', 'pools'],
      ['ntp.pools = ["u"]', 'from user-data user:4 ntp.pools[0]', 'over vendor-data vendor:2 ["v"]'],
    ],
    [['locale'], ['locale = undefined']],
  ])('%j', (path, expected) => expect(explain(path).flatMap(lines)).toEqual(expected));

  test('all of them', () => {
    expect(explain().map(({ key }) => key)).toEqual(['timezone', 'hostname', 'ntp', 'berth.enable']);
  });
});

test.each([
  ['hostname', ['hostname']],
  ['berth.services.web.ports[0]', ['berth', 'services', 'web', 'ports', 0]],
  ['users["a.b"].name', ['users', 'a.b', 'name']],
])('the key %s', (text, path) => {
  expect(parsePath(text)).toEqual(path);
  expect(formatPath(path)).toBe(text);
});
test.each(['', '.a', 'a..b', 'a b', 'a[x]', 'a.'])('%j is no key', (text) => expect(parsePath(text)).toBeUndefined());

test('what is set on the machine', () => {
  const once = withLocalKey(undefined, ['berth', 'sysctl', 'vm.swappiness'], '1');
  expect(once).toBe('#cloud-config\n{\n  "berth": {\n    "sysctl": {\n      "vm.swappiness": "1"\n    }\n  }\n}\n');
  const twice = withLocalKey(once, ['timezone'], 'UTC');
  expect(withLocalKey(twice, ['timezone'], undefined)).toBe(once);
  expect(withLocalKey(once, ['berth', 'sysctl', 'vm.swappiness'], undefined)).toBeUndefined();
});
