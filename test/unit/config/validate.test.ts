import { describe, expect, test } from '@jest/globals';
import { validateConfig } from '../../../src/config/validate.ts';

/** `2:5 error wrong-type users[0].uid` for everything found in a file of that name. */
function brief(text: string, file = 'config.yaml'): string[] {
  return validateConfig({ file, text }).map(
    ({ line, column, severity, code, path }) => `${line}:${column} ${severity} ${code} ${path}`,
  );
}

interface Row {
  readonly name: string;
  readonly text: string;
  readonly found: readonly string[];
}

const configs: Row[] = [
  { name: 'a good one', text: 'hostname: a', found: [] },
  { name: 'an unknown key', text: 'hostnam: a', found: ['2:1 error unknown-key hostnam'] },
  {
    name: 'a network that stands in user-data',
    text: 'network: {version: 2}',
    found: ['2:1 error unknown-key network'],
  },
  {
    name: 'an error in a key without a meaning on Berth, at the wrong value',
    text: 'packages: [a, [b]]',
    found: ['2:1 warning unsupported packages', '2:15 error invalid-value packages[1]'],
  },
  {
    name: 'an error that the reader finds, too, is told once',
    text: 'users: [{name: a, uid: [1]}]',
    found: ['2:24 error wrong-type users[0].uid'],
  },
  {
    name: 'a value that cloud-init takes and Berth cannot use',
    text: 'hostname: a b',
    found: ['2:11 warning invalid-value hostname'],
  },
  {
    name: 'a mode that is no text: read, but not valid',
    text: 'write_files: [{path: /a, permissions: 0644}]',
    found: [
      '2:39 error wrong-type write_files[0].permissions',
      '2:39 warning unquoted-mode write_files[0].permissions',
    ],
  },
  { name: 'a date is no text', text: 'hostname: 2030-01-01', found: ['2:11 error wrong-type hostname'] },
  {
    name: '1.0 is no whole number',
    text: 'users: [{name: a, uid: 1.0}]',
    found: ['2:24 error wrong-type users[0].uid'],
  },
  { name: 'a key that stands twice', text: 'hostname: a\nhostname: b', found: ['3:1 warning duplicate-key hostname'] },
  {
    name: 'a key that stands twice, the last one wrong',
    text: 'hostname: a\nhostname: 1\napt: {sources: {x: {source: a, source: ~}}}',
    found: [
      '3:1 warning duplicate-key hostname',
      '3:11 error wrong-type hostname',
      '4:1 warning unsupported apt',
      '4:32 warning duplicate-key apt.sources.x.source',
      '4:40 error wrong-type apt.sources.x.source',
    ],
  },
  { name: 'two documents', text: 'hostname: a\n---\nhostname: b', found: ['3:1 error yaml-syntax '] },
  {
    name: 'what is deprecated',
    text: 'ca-certs: {trusted: [x]}',
    found: ['2:1 warning deprecated ca-certs', '2:22 warning invalid-value ca-certs.trusted[0]'],
  },
  { name: "a wrong key in Berth's own block", text: 'berth: {foo: 1}', found: ['2:9 error unknown-key berth.foo'] },
  { name: 'nothing after the header', text: '', found: ['1:1 error wrong-type ', '1:1 warning empty '] },
  { name: 'a tab where PyYAML takes none', text: 'hostname:\ta', found: ['2:10 error yaml-syntax '] },
  {
    name: 'a mapping with a type that no form is about passes, as in cloud-init',
    text: 'users: [{name: a, type: x, bogus: 1}]',
    found: ['2:19 warning unknown-key users[0].type', '2:28 warning unknown-key users[0].bogus'],
  },
];

const texts: Row[] = [
  { name: 'an empty text', text: '', found: ['1:1 info empty '] },
  { name: 'a script', text: '#!/bin/sh\n', found: ['1:1 info not-checked '] },
  { name: 'an archive', text: '#cloud-config-archive\n- "#!/bin/sh"\n', found: ['1:1 info not-checked '] },
  {
    name: "an archive that is no YAML: cloud-init's schema does not look",
    text: '#cloud-config-archive\n- a: b: c\n',
    found: ['1:1 info not-checked ', '2:6 warning yaml-syntax '],
  },
  {
    name: 'blank lines before the header',
    text: '\n #Cloud-Config\nhostname: [a]\n',
    found: ['3:11 error wrong-type hostname'],
  },
  {
    name: 'a template that fills in nothing',
    text: '## template: jinja\n#cloud-config\nfoo: 1\n',
    found: ['1:1 info template ', '3:1 error unknown-key foo'],
  },
  {
    name: 'a template that fills in something',
    text: '## template: jinja\n#cloud-config\nhostname: {{ v1.x }}\nfqdn: [{{ v1.platform }}]\n',
    found: ['1:1 info template ', '4:7 error wrong-type fqdn'],
  },
  {
    name: 'a template that asks for something of an unknown thing',
    text: '## template: jinja\n#cloud-config\nhostname: {{ v1.x.y }}\n',
    found: ['3:1 error template '],
  },
  {
    name: 'a template that asks whether something of an unknown thing is there',
    text: '## template: jinja\n#cloud-config\n{% if nothing.at is defined %}\nhostname: a\n{% endif %}\n',
    found: ['3:1 error template '],
  },
  {
    name: 'a template with a name whose text has ": "',
    text: '## template: jinja\n#cloud-config\nruncmd:\n- echo {{ merged_system_cfg._doc }}\n- echo {{ merged_cfg._doc }}\n- {{ ds._doc }}\n',
    found: ['1:1 info template ', '5:3 error wrong-type runcmd[1]', '6:3 error wrong-type runcmd[2]'],
  },
  {
    name: 'a template with a filter of Ansible',
    text: '## template: jinja\n#cloud-config\nhostname: {{ v1.region | b64encode }}\n',
    found: ['3:1 error template '],
  },
  {
    name: 'a template with a filter that only Jinja has',
    text: '## template: jinja\n#cloud-config\nhostname: {{ "a b" | wordcount }}\n',
    found: ['1:1 info not-checked '],
  },
  {
    name: 'a template with a test of a value, which only Jinja has',
    text: '## template: jinja\n#cloud-config\nhostname: {{ 3 is divisibleby(3) }}\n',
    found: ['1:1 info not-checked '],
  },
  {
    name: 'a template with a function, which only Jinja has',
    text: '## template: jinja\n#cloud-config\nhostname: {{ dict(a=1) }}\n',
    found: ['1:1 info not-checked '],
  },
  {
    name: 'a template with a method of Python, which only Jinja has',
    text: '## template: jinja\n#cloud-config\nhostname: {{ "a".center(3) }}\n',
    found: ['1:1 info not-checked '],
  },
  {
    name: 'a template with a key that is no text, which only Jinja has',
    text: '## template: jinja\n#cloud-config\nhostname: {{ {1: 2} }}\n',
    found: ['1:1 info not-checked '],
  },
  {
    name: 'a template that writes a part of itself as it stands, and goes over nothing',
    text: '## template: jinja  \t\n#cloud-config\n{% for a in none_such %}x{% endfor %}{% raw %}hostname: "{{ a }}"{% endraw %}\n',
    found: ['1:1 info template '],
  },
  {
    name: 'a template of nothing known',
    text: '## template: jinja\nhostname: a\n',
    found: ['1:1 error unknown-header '],
  },
  { name: 'no header', text: 'hostname: a\n', found: ['1:1 error unknown-language '] },
  {
    name: 'MIME',
    text: 'Content-Type: text/x-shellscript; charset="us-ascii"\nMIME-Version: 1.0\n\n#!/bin/sh\n',
    found: ['1:1 error unknown-header '],
  },
];

const networks: Row[] = [
  { name: 'version 2', text: 'version: 2\nethernets: {eth0: {dhcp4: true}}\n', found: [] },
  { name: 'indented as a whole', text: '\n    version: 2\n    ethernets: {eth0: {dhcp4: true}}\n', found: [] },
  {
    name: 'indented, with a comment',
    text: '  # eth0\n  network:\n    version: 2\n    ethernets: {eth0: {}}\n',
    found: [],
  },
  { name: 'JSON', text: '{"version": 1, "config": [{"type": "physical", "name": "eth0"}]}', found: [] },
  { name: "as in netplan's files", text: 'network:\n  version: 2\n  ethernets: {eth0: {dhcp4: yes}}\n', found: [] },
  {
    name: 'a wrong value',
    text: 'version: 2\nethernets: {eth0: {mtu: a}}\n',
    found: ['2:25 error wrong-type ethernets.eth0.mtu'],
  },
  {
    name: 'version 1: of the kinds of entries the one that is meant',
    text: 'version: 1\nconfig:\n- {type: physical, nam: a}\n',
    found: ['3:3 error missing-key config[0]', '3:20 error unknown-key config[0].nam'],
  },
  { name: 'nothing declared', text: 'network: {}\n', found: ['1:10 warning invalid-value network'] },
];

describe('validateConfig', () => {
  test.each(configs)('cloud-config: $name', ({ text, found }) => {
    expect(brief(`#cloud-config\n${text}`)).toEqual(found);
  });

  test.each(texts)('user-data: $name', ({ text, found }) => {
    expect(brief(text)).toEqual(found);
  });

  test.each(networks)('network configuration: $name', ({ text, found }) => {
    expect(brief(text)).toEqual(found);
  });

  test('a network configuration is known by its name, too', () => {
    expect(brief('{}\n', 'seed/network-config')).toEqual(['1:1 warning invalid-value ']);
  });

  test.each([
    [
      'network:\n  version: 2\n  ethernets: {e: {routes: [{to: default, table: 7}]}}',
      ['3:42 error unknown-key network.ethernets.e.routes[0].table'],
    ],
    [
      'network:\n  version: 2\n  bonds: {b: {parameters: {mii-monitor-interval: 100}}}',
      ['3:50 error wrong-type network.bonds.b.parameters.mii-monitor-interval'],
    ],
    ["network:\n  version: '1'\n  config: []", ['2:12 error wrong-type network.version']],
    ['version: 2\nwifis: {}', ['2:1 error unknown-key wifis']],
  ])('what is wrong below "network" is told at its place, and nothing else: %j', (text, found) => {
    expect(brief(text, 'seed/network-config').filter((line) => line.includes(' error '))).toEqual(found);
  });

  test('a key that netplan may have has a hint', () => {
    const [found] = validateConfig({ file: 'network-config', text: 'version: 2\ntunnels: {}\n' });
    expect(found?.hint).toContain('netplan may have it');
  });

  test('a large text and a YAML bomb are refused at once', () => {
    const levels = Array.from({ length: 12 }, (_, level) => `l${level}: &l${level} [${`*l${level - 1},`.repeat(9)}]`);
    const bomb = `#cloud-config\nl: &l-1 x\n${levels.join('\n')}\n`;
    const began = performance.now();
    expect(brief(bomb)).toContainEqual(expect.stringMatching(/error too-large/));
    expect(brief(`#cloud-config\n${'a'.repeat(10_000_000)}`)).toEqual(['1:1 error too-large ']);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

test.each([
  ['Ignition', '{"ignition": {"version": "3.4.0", "config": {"merge": [{"source": "https://a/b"}]}}}'],
  ['Butane', 'variant: fcos\nversion: 1.5.0\nignition: {config: {merge: [{source: https://a/b}]}}\n'],
])('what an %s config refers to on a server is only told of: a host takes it in first', (_language, text) => {
  expect(validateConfig({ file: 'a', text })).toMatchObject([
    { severity: 'info', code: 'fetched-later', path: 'ignition.config.merge[0].source' },
  ]);
});

test.each([
  ['repo_update: true', 'write "package_update"'],
  ['apt_sources: []', 'write "sources" under "apt"'],
  ['apt_mirror: http://a.example', 'older cloud-inits took it'],
  ['upgrade: true', 'write "package_upgrade"'],
  ['local-hostname: a', 'here it is "hostname"'],
  ['services: {}', 'move it under "berth"'],
  ['users: [{name: a, home: /b}]', 'write "homedir"'],
  ['users: [{name: a, gid: 1000}]', 'write "primary_group"'],
  ['users: [{name: a, password: b}]', 'write "plain_text_passwd"'],
  ['users: [{name: a, chpasswd: {expire: false}}]', 'it stands at the top level'],
  ['users: [{name: a, ssh-import-id: None}]', '"None" is text in YAML'],
  ['users: [{name: a, lock_passwd: "true"}]', 'remove the quotes'],
  ['users: [{name: a, lock_passwd: n}]', 'write true or false'],
  ['users: [{name: "${user}", ssh_authorized_keys: ["${key}"]}]', 'this looks like a template'],
  ['hostname: ${host}', 'this looks like a template'],
  ['packages: ${packages}', 'this looks like a template'],
  ['timezone: "{{ zone }}"', 'this looks like a template'],
  ['username: a', 'write "user"'],
  ['write_files: [{path: /a, mode: "0644"}]', 'write "permissions"'],
  ['write_files: [{filename: /a}]', 'write "path"'],
  ['runcmd: echo a', 'write it as a list'],
  ['packages: nginx', 'write it as a list'],
  ['power_state: {mode: reboot, timeout: "30"}', 'remove the quotes'],
])('%s has a hint that says what to write', (text, hint) => {
  const hints = validateConfig({ file: 'a', text: `#cloud-config\n${text}\n` }).map((diagnostic) => diagnostic.hint);
  expect(hints).toContainEqual(expect.stringContaining(hint));
});

test.each([
  ['manage_etc_hosts: fqdn', 'expected true, false, localhost or template; found "fqdn"'],
  ['resize_rootfs: maybe', 'expected true, false or noblock; found "maybe"'],
  [
    'swap: {size: 2GB}',
    'expected auto or a whole number or text of the form ^([0-9]+)?\\.?[0-9]+[BKMGT]$; found "2GB"',
  ],
])('%s: all that it can be is named', (text, message) => {
  expect(validateConfig({ file: 'a', text: `#cloud-config\n${text}\n` })).toMatchObject([
    { severity: 'error', message },
  ]);
});

test('of a template that is not filled in only the first place is told', () => {
  const text = '#cloud-config\nusers:\n{% for a in b %}\n  - name: {{ a }}\n{% endfor %}\nhostname: {{ c }}\n';
  expect(validateConfig({ file: 'a', text })).toMatchObject([{ line: 3, hint: expect.stringContaining('{%') }]);
});

test.each([
  ['{% set a = 1 %}\nhostname: {{ lookup("env", "A") }}', 'there is no function "lookup"'],
  ['hostname: a\nfqdn: {{ hostvars.a.b }}', '"hostvars" is not known'],
])('what a template asks for and is not there has its line: %j', (body, message) => {
  const text = `## template: jinja\n#cloud-config\n${body}\n`;
  expect(validateConfig({ file: 'a', text })).toMatchObject([
    { severity: 'error', code: 'template', line: 4, message: expect.stringContaining(message) },
  ]);
});

test('of many words that may stand somewhere only some are named', () => {
  const [, problem] = validateConfig({ file: 'a', text: '#cloud-config\ncloud_init_modules: [migrator]\n' });
  expect(problem?.message).toMatch(/^expected one of \d+ words, such as ansible, .*; found "migrator"$/);
  expect(problem?.message.length).toBeLessThan(120);
});

test('a template that does not end takes no second', () => {
  const loops = '{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}';
  const started = performance.now();
  const found = validateConfig({ file: 'a', text: `## template: jinja\n#cloud-config\n${loops}` });
  expect(found).toMatchObject([{ severity: 'error', code: 'template' }]);
  expect(performance.now() - started).toBeLessThan(1500);
});
