import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { cloudInitKeys } from '../../../src/config/dialects/cloud-init/keys.ts';
import { emptyHostConfig, type HostConfig } from '../../../src/config/host-config.ts';
import { brief, parse } from './support.ts';

const base = { groups: [], createHome: true, system: false, lockPassword: true, sudo: [], sshAuthorizedKeys: [] };
const berthUser = {
  ...base,
  name: 'berth',
  gecos: 'Berth',
  groups: ['docker'],
  shell: '/bin/bash',
  sudo: ['ALL=(ALL) NOPASSWD:ALL'],
};
const motd = { path: '/etc/motd', mode: 0o644, owner: 'root', group: 'root', append: false, defer: false };
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const key = 'ssh-ed25519 AAAA ops@laptop';
const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';

interface Row {
  readonly name: string;
  readonly text: string;
  readonly config?: Partial<HostConfig>;
  readonly diagnostics?: readonly string[];
}

const hostnames: Row[] = [
  { name: 'a plain name', text: 'hostname: web-1', config: { hostname: 'web-1' } },
  { name: 'a host name with dots is the FQDN too', text: 'hostname: a.b.c', config: { hostname: 'a', fqdn: 'a.b.c' } },
  { name: 'an FQDN alone gives the host name', text: 'fqdn: a.b.c', config: { hostname: 'a', fqdn: 'a.b.c' } },
  { name: 'both as given', text: 'hostname: x\nfqdn: a.b', config: { hostname: 'x', fqdn: 'a.b' } },
  {
    name: 'the FQDN as host name when preferred',
    text: 'hostname: x\nfqdn: a.b\nprefer_fqdn_over_hostname: yes',
    config: { hostname: 'a.b', fqdn: 'a.b' },
    diagnostics: ['2:1 info no-effect hostname'],
  },
  {
    name: 'a preserved host name is left alone',
    text: 'hostname: x\npreserve_hostname: true',
    diagnostics: ['2:1 warning no-effect hostname'],
  },
  { name: 'a number', text: 'hostname: 42', diagnostics: ['2:11 error wrong-type hostname'] },
  { name: 'a blank in it', text: 'hostname: a b', diagnostics: ['2:11 error invalid-value hostname'] },
  { name: 'no value', text: 'hostname:', diagnostics: ['2:1 warning empty-value hostname'] },
];

const users: Row[] = [
  { name: 'the default user', text: 'users: [default]', config: { users: [berthUser] } },
  {
    name: 'keys alone make the default user',
    text: `ssh_authorized_keys: [${key}]`,
    config: { users: [{ ...berthUser, sshAuthorizedKeys: [key] }] },
  },
  {
    name: 'keys without a default user go nowhere',
    text: `users: [ops]\nssh_authorized_keys: [${key}]`,
    config: { users: [{ ...base, name: 'ops' }] },
    diagnostics: ['3:1 warning no-effect ssh_authorized_keys'],
  },
  { name: 'user renames the default user', text: 'user: core', config: { users: [{ ...berthUser, name: 'core' }] } },
  {
    name: 'user changes the default user',
    text: 'user: {name: core, groups: []}',
    config: { users: [{ ...berthUser, name: 'core', groups: [] }] },
  },
  { name: 'names in one text', text: 'users: a, default', config: { users: [berthUser, { ...base, name: 'a' }] } },
  {
    name: 'a mapping of users',
    text: 'users: {a: {uid: 7}, b: true}',
    config: {
      users: [
        { ...base, name: 'a', uid: 7 },
        { ...base, name: 'b' },
      ],
    },
  },
  {
    name: 'every setting',
    text: `users:\n- {name: ops, gecos: O, uid: "7", primary_group: g, groups: "a, b", homedir: /h, shell: /s, lock_passwd: no, hashed_passwd: $6$a$b, sudo: ALL, ssh_authorized_keys: [${key}]}`,
    config: {
      users: [
        {
          ...base,
          name: 'ops',
          gecos: 'O',
          uid: 7,
          primaryGroup: 'g',
          groups: ['a', 'b'],
          homeDirectory: '/h',
          shell: '/s',
          lockPassword: false,
          passwordHash: '$6$a$b',
          sudo: ['ALL'],
          sshAuthorizedKeys: [key],
        },
      ],
    },
  },
  {
    name: 'old spellings with dashes',
    text: 'users: [{name: a, lock-passwd: false, primary-group: g}]',
    config: { users: [{ ...base, name: 'a', lockPassword: false, primaryGroup: 'g' }] },
  },
  {
    name: 'a system user has no home',
    text: 'users: [{name: a, system: true}]',
    config: { users: [{ ...base, name: 'a', system: true, createHome: false }] },
  },
  {
    name: 'without a group of its own: users',
    text: 'users: [{name: a, no_user_group: true}]',
    config: { users: [{ ...base, name: 'a', primaryGroup: 'users' }] },
  },
  { name: 'sudo false is none', text: 'users: [{name: a, sudo: false}]', config: { users: [{ ...base, name: 'a' }] } },
  {
    name: 'a clear-text password as hash',
    text: 'users: [{name: a, passwd: secret}]',
    config: { users: [{ ...base, name: 'a' }] },
    diagnostics: ['2:27 error invalid-value users[0].passwd'],
  },
  {
    name: 'a clear-text password opens nothing when the text is only checked',
    text: 'users: [{name: a, plain_text_passwd: secret}]',
    config: { users: [{ ...base, name: 'a' }] },
  },
  { name: 'a user without a name', text: 'users: [{gecos: A}]', diagnostics: ['2:9 error missing-key users[0]'] },
  {
    name: 'an unknown setting',
    text: 'users: [{name: a, shel: /s}]',
    config: { users: [{ ...base, name: 'a' }] },
    diagnostics: ['2:19 warning unknown-key users[0].shel'],
  },
  {
    name: 'a user twice',
    text: 'users: [a, a]',
    config: { users: [{ ...base, name: 'a' }] },
    diagnostics: ['2:12 info duplicate users[1]'],
  },
  {
    name: 'a user in two entries: the first says more, the second adds',
    text: 'users: [{name: a, gecos: A}, {name: a, gecos: B, shell: /bin/sh}]',
    config: { users: [{ ...base, name: 'a', gecos: 'A', shell: '/bin/sh' }] },
    diagnostics: ['2:30 warning no-effect users[1]'],
  },
  {
    name: 'several names in one entry',
    text: 'users: ["a, b", [c]]',
    config: { users: ['a', 'b', 'c'].map((name) => ({ ...base, name })) },
  },
  {
    name: 'settings of the default user by its name in the list',
    text: `users: [{name: default, ssh_authorized_keys: [${key}], groups: [adm], homedir: /srv, sudo: false}]`,
    config: {
      users: [{ ...berthUser, sshAuthorizedKeys: [key], groups: ['adm'], homeDirectory: '/srv' }],
    },
    diagnostics: ['2:9 warning no-effect users[0]'],
  },
  {
    name: 'settings of the default user by its real name besides',
    text: 'users: [default, {name: berth, groups: [adm], uid: 7}]',
    config: { users: [{ ...berthUser, groups: ['adm', 'docker'], uid: 7 }] },
  },
  {
    name: 'a private key',
    text: 'users: [{name: a, ssh_authorized_keys: ["-----BEGIN X"]}]',
    config: { users: [{ ...base, name: 'a' }] },
    diagnostics: ['2:41 error invalid-value users[0].ssh_authorized_keys[0]'],
  },
  {
    name: 'something that is hardly a key',
    text: 'users: [{name: a, ssh_authorized_keys: [hello]}]',
    config: { users: [{ ...base, name: 'a', sshAuthorizedKeys: ['hello'] }] },
    diagnostics: ['2:41 warning invalid-value users[0].ssh_authorized_keys[0]'],
  },
  {
    name: 'groups, with members',
    text: 'groups: [a, {b: [x, y]}]',
    config: {
      groups: [
        { name: 'a', members: [] },
        { name: 'b', members: ['x', 'y'] },
      ],
    },
  },
  {
    name: 'groups in one text',
    text: 'groups: a, b',
    config: {
      groups: [
        { name: 'a', members: [] },
        { name: 'b', members: [] },
      ],
    },
  },
];

const files: Row[] = [
  {
    name: 'plain text',
    text: 'write_files: [{path: /etc/motd, content: hi}]',
    config: { files: [{ ...motd, contentBase64: base64('hi') }] },
  },
  { name: 'no content', text: 'write_files: [{path: /etc/motd}]', config: { files: [{ ...motd, contentBase64: '' }] } },
  {
    name: 'base64',
    text: `write_files: [{path: /etc/motd, encoding: b64, content: ${base64('hi')}}]`,
    config: { files: [{ ...motd, contentBase64: base64('hi') }] },
  },
  {
    name: 'gzip in base64',
    text: `write_files: [{path: /etc/motd, encoding: gzip+base64, content: ${gzipSync('hi').toString('base64')}}]`,
    config: { files: [{ ...motd, contentBase64: base64('hi') }] },
  },
  {
    name: 'gzip as binary',
    text: `write_files: [{path: /etc/motd, encoding: gz, content: !!binary ${gzipSync('hi').toString('base64')}}]`,
    config: { files: [{ ...motd, contentBase64: base64('hi') }] },
  },
  {
    name: 'mode and owner',
    text: 'write_files: [{path: /etc/motd, permissions: "0600", owner: "ops:adm", append: true, defer: true}]',
    config: {
      files: [
        {
          ...{ ...motd, contentBase64: '', mode: 0o600, owner: 'ops', group: 'adm', append: true, defer: true },
          ownsParents: true,
        },
      ],
    },
  },
  {
    name: 'an unquoted mode is octal in YAML 1.1, with a warning',
    text: 'write_files: [{path: /etc/motd, permissions: 0600}]',
    config: { files: [{ ...motd, contentBase64: '', mode: 0o600 }] },
    diagnostics: ['2:46 warning unquoted-mode write_files[0].permissions'],
  },
  {
    name: 'a mode that is none',
    text: 'write_files: [{path: /etc/motd, permissions: "rw"}]',
    config: { files: [{ ...motd, contentBase64: '' }] },
    diagnostics: ['2:46 error invalid-value write_files[0].permissions'],
  },
  {
    name: 'an owner that is none',
    text: 'write_files: [{path: /etc/motd, owner: "a:b:c"}]',
    config: { files: [{ ...motd, contentBase64: '' }] },
    diagnostics: ['2:40 error invalid-value write_files[0].owner'],
  },
  {
    name: 'a relative path',
    text: 'write_files: [{path: etc/motd}]',
    diagnostics: ['2:22 error invalid-value write_files[0].path'],
  },
  {
    name: 'a path that climbs',
    text: 'write_files: [{path: /etc/../x}]',
    diagnostics: ['2:22 error invalid-value write_files[0].path'],
  },
  {
    name: 'an unknown encoding',
    text: 'write_files: [{path: /etc/motd, encoding: b65}]',
    config: { files: [{ ...motd, contentBase64: '' }] },
    diagnostics: ['2:43 error invalid-value write_files[0].encoding'],
  },
  {
    name: 'text that is not base64',
    text: 'write_files: [{path: /etc/motd, encoding: b64, content: "?"}]',
    diagnostics: ['2:57 error invalid-value write_files[0].content'],
  },
  {
    name: 'data that is not gzip',
    text: 'write_files: [{path: /etc/motd, encoding: gz, content: x}]',
    diagnostics: ['2:56 error invalid-value write_files[0].content'],
  },
  {
    name: 'data that unpacks to too much',
    text: `write_files: [{path: /etc/motd, encoding: gz+b64, content: ${gzipSync(Buffer.alloc(17 * 2 ** 20)).toString('base64')}}]`,
    diagnostics: ['2:60 error invalid-value write_files[0].content'],
  },
  {
    name: 'content from elsewhere',
    text: 'write_files: [{path: /etc/motd, content: b, source: {uri: "http://a", headers: {A: b}}}]',
    config: {
      files: [{ ...motd, contentBase64: '', remote: { url: 'http://a', headers: [{ name: 'A', value: 'b' }] } }],
    },
    diagnostics: ['2:33 info no-effect write_files[0].content'],
  },
  {
    name: 'content from where nothing is fetched: without another one there is no file',
    text: 'write_files: [{path: /etc/motd, source: {uri: "ftp://a"}}, {path: /etc/motd, content: b, source: {uri: /a}}]',
    config: { files: [{ ...motd, contentBase64: base64('b') }] },
    diagnostics: [
      '2:47 warning unsupported write_files[0].source.uri',
      '2:104 warning unsupported write_files[1].source.uri',
    ],
  },
  {
    name: 'files that cannot be written, or that nobody reads',
    text: 'write_files: [{path: /usr/local/bin/a}, {path: /etc/systemd/system/a.service}]',
    config: {
      files: [
        { ...motd, path: '/usr/local/bin/a', contentBase64: '' },
        { ...motd, path: '/etc/systemd/system/a.service', contentBase64: '' },
      ],
    },
    diagnostics: ['2:15 warning unsupported write_files[0]', '2:41 warning unsupported write_files[1]'],
  },
];

const mount = { source: 'LABEL=a', target: '/a', type: 'auto', options: ['defaults', 'nofail'] };
const mounts: Row[] = [
  { name: 'source and target', text: 'mounts: [[LABEL=a, /a]]', config: { mounts: [mount] } },
  {
    name: 'type and options',
    text: 'mounts: [[LABEL=a, /a, xfs, "ro,noatime"]]',
    config: { mounts: [{ ...mount, type: 'xfs', options: ['ro', 'noatime'] }] },
  },
  {
    name: 'defaults of its own',
    text: 'mount_default_fields: [~, ~, ext4, ro]\nmounts: [[LABEL=a, /a]]',
    config: { mounts: [{ ...mount, type: 'ext4', options: ['ro'] }] },
  },
  {
    name: 'a kernel name is below /dev',
    text: 'mounts: [[vdb1, /a]]',
    config: { mounts: [{ ...mount, source: '/dev/vdb1' }] },
  },
  {
    name: 'swap',
    text: 'mounts: [[/dev/vdb, none, swap, "sw,pri=5"]]',
    config: { swap: [{ kind: 'device', source: '/dev/vdb', options: ['sw', 'pri=5'] }] },
  },
  {
    name: 'an alias of the config itself',
    text: 'device_aliases: {disk: /dev/vdb}\nmounts: [[disk.1, /a]]',
    config: { mounts: [{ ...mount, source: '/dev/vdb1' }] },
  },
  {
    name: "options of systemd's",
    text: 'mounts: [[LABEL=a, /a, auto, "x-systemd.automount,nofail"]]',
    config: { mounts: [{ ...mount, options: ['nofail'] }] },
    diagnostics: ['2:30 warning unsupported mounts[0][3]'],
  },
  {
    name: 'two on one mount point',
    text: 'mounts: [[LABEL=a, /a], [LABEL=b, /a/]]',
    config: { mounts: [mount] },
    diagnostics: ['2:25 error duplicate mounts[1]'],
  },
  { name: 'the root', text: 'mounts: [[LABEL=a, /]]', diagnostics: ['2:20 error invalid-value mounts[0][1]'] },
  {
    name: "a provider's alias",
    text: 'mounts: [[ephemeral0, /a]]',
    diagnostics: ['2:10 warning unsupported mounts[0]'],
  },
  { name: 'nowhere', text: 'mounts: [[/dev/vdb]]', diagnostics: ['2:10 warning unsupported mounts[0]'] },
  {
    name: 'a relative target',
    text: 'mounts: [[/dev/vdb, a]]',
    diagnostics: ['2:21 error invalid-value mounts[0][1]'],
  },
  {
    name: 'fsck order',
    text: 'mounts: [[LABEL=a, /a, ~, ~, 0, 2]]',
    config: { mounts: [mount] },
    diagnostics: ['2:33 warning unsupported mounts[0][5]'],
  },
];

const connectivity = emptyHostConfig.connectivity;
const dns = { servers: ['192.0.2.1'], search: ['b', 'a'], options: ['rotate', 'timeout:1'] };
const host: Row[] = [
  { name: 'hosts left alone', text: 'manage_etc_hosts: false', config: { manageHosts: false } },
  { name: 'hosts managed', text: 'manage_etc_hosts: localhost', config: { manageHosts: true } },
  {
    name: 'hosts from a template',
    text: 'manage_etc_hosts: template',
    config: { manageHosts: true },
    diagnostics: ['2:19 warning unsupported manage_etc_hosts'],
  },
  { name: 'a locale', text: 'locale: C.UTF-8', config: { locale: 'C.UTF-8' } },
  { name: 'no locale', text: 'locale: false' },
  { name: 'host keys that stay', text: 'ssh_deletekeys: false' },
  {
    name: 'host keys that would go with the instance',
    text: 'ssh_deletekeys: true',
    diagnostics: ['2:1 warning unsupported ssh_deletekeys'],
  },
  { name: 'a keyboard', text: 'keyboard: {layout: gb}', config: { keyboard: { layout: 'gb' } } },
  {
    name: 'a keyboard with all its keys',
    text: "keyboard: {layout: de, model: pc105, variant: nodeadkeys, options: ''}",
    config: { keyboard: { layout: 'de', variant: 'nodeadkeys' } },
  },
  {
    name: 'a keyboard whose model and options have no effect',
    text: 'keyboard: {layout: fr, model: thinkpad, variant: "", options: "ctrl:nocaps"}',
    config: { keyboard: { layout: 'fr' } },
    diagnostics: ['2:24 warning unsupported keyboard.model', '2:54 warning unsupported keyboard.options'],
  },
  {
    name: 'a keyboard with two layouts has the first',
    text: 'keyboard: {layout: "us,de", variant: ",nodeadkeys"}',
    config: { keyboard: { layout: 'us' } },
    diagnostics: ['2:20 warning unsupported keyboard.layout'],
  },
  {
    name: 'a keyboard whose layout the image does not have',
    text: 'keyboard: {layout: ru}',
    config: { keyboard: { layout: 'ru' } },
    diagnostics: ['2:20 warning unsupported keyboard.layout'],
  },
  {
    name: 'a keyboard whose variant the image does not have',
    text: 'keyboard: {layout: de, variant: nodeadkey}',
    config: { keyboard: { layout: 'de', variant: 'nodeadkey' } },
    diagnostics: ['2:33 warning unsupported keyboard.variant'],
  },
  {
    name: 'a keyboard without a layout',
    text: 'keyboard: {variant: nodeadkeys}',
    diagnostics: ['2:11 error missing-key keyboard'],
  },
  {
    name: 'a keyboard whose layout is a path',
    text: 'keyboard: {layout: ../de}',
    diagnostics: ['2:20 error invalid-value keyboard.layout'],
  },
  {
    name: 'a time zone',
    text: 'timezone: Europe/Berlin',
    config: { time: { zone: 'Europe/Berlin', servers: [], pools: [] } },
  },
  { name: 'no time zone', text: 'timezone: Europe/Berln', diagnostics: ['2:11 error invalid-value timezone'] },
  {
    name: 'time servers enable the service',
    text: 'ntp: {servers: [a], pools: [b]}',
    config: { time: { servers: ['a'], pools: ['b'] }, enable: ['ntp'] },
  },
  {
    name: 'time switched off',
    text: 'ntp: {enabled: no, servers: [a]}',
    diagnostics: ['2:20 warning no-effect ntp.servers'],
  },
  {
    name: 'certificates',
    text: `ca_certs: {trusted: ["${pem.replaceAll('\n', '\\n')}"]}`,
    config: { connectivity: { ...connectivity, caCertificates: [pem] } },
  },
  {
    name: 'something that is no certificate',
    text: 'ca-certs: {trusted: [a]}',
    diagnostics: ['2:22 error invalid-value ca-certs.trusted[0]'],
  },
  {
    name: 'the resolver',
    text: 'manage_resolv_conf: true\nresolv_conf: {nameservers: [192.0.2.1], domain: b, searchdomains: [a], options: {rotate: true, timeout: 1}}',
    config: { connectivity: { ...connectivity, dns } },
  },
  {
    name: 'the resolver, not managed',
    text: 'resolv_conf: {nameservers: [192.0.2.1]}',
    diagnostics: ['2:1 warning no-effect resolv_conf'],
  },
  {
    name: 'network version 2',
    text: 'network: {version: 2, ethernets: {eth0: {dhcp4: true}}}',
    config: { network: { version: 2, ethernets: { eth0: { dhcp4: true } } } },
  },
  {
    name: 'network version 1',
    text: 'network: {version: 1, config: [{type: physical, name: eth0, subnets: [{type: dhcp}]}]}',
    config: { network: { version: 2, ethernets: { eth0: { dhcp4: true } } } },
  },
  {
    name: 'a network of another version',
    text: 'network: {version: 3}',
    diagnostics: ['2:10 error invalid-value network'],
  },
];

describe.each([
  ['host names', hostnames],
  ['users and groups', users],
  ['files', files],
  ['mounts', mounts],
  ['the host', host],
])('%s', (_title, rows) => {
  test.each(rows)('$name', ({ text, config = {}, diagnostics = [] }) => {
    const result = parse(text);
    expect(brief(result)).toEqual(diagnostics);
    expect(result.config).toEqual({ ...emptyHostConfig, ...config });
  });
});

describe('the table of keys', () => {
  test('no key stands twice', () => {
    const keys = cloudInitKeys.map((row) => row.key);
    expect(keys.filter((name, index) => keys.indexOf(name) !== index)).toEqual([]);
  });

  test.each(cloudInitKeys.filter(({ kind }) => kind !== 'honoured'))('$key is reported and changes nothing', (row) => {
    const result = parse(`${row.key}: [x]`);
    const severity = row.kind === 'refused' ? 'error' : 'warning';
    const code = row.kind === 'refused' ? 'refused' : 'unsupported';
    expect(brief(result)).toEqual([`2:1 ${severity} ${code} ${row.key}`]);
    expect(result.diagnostics[0]?.hint).not.toBeNull();
    expect(result.config).toEqual(emptyHostConfig);
  });

  test.each(cloudInitKeys.filter(({ kind }) => kind === 'honoured'))('$key reports a value of no use', ({
    key: name,
  }) => {
    const values = ['!!binary AA==', '[[[[]]]]', '{{}: 1}'];
    for (const value of values) expect(brief(parse(`${name}: ${value}`))).not.toEqual([]);
  });

  test('an unknown key is a warning that names the nearest', () => {
    expect(parse('hostnme: a').diagnostics).toEqual([
      {
        file: 'config.yaml',
        line: 2,
        column: 1,
        path: 'hostnme',
        severity: 'warning',
        code: 'unknown-key',
        message: 'unknown key "hostnme"',
        hint: 'did you mean "hostname"?',
      },
    ]);
  });

  test('a clear-text password is never repeated', () => {
    const result = parse(
      'users: [{name: a, passwd: canary-1, plain_text_passwd: canary-2}, default]\npassword: canary-3\nchpasswd: {users: [{name: a, password: canary-4}, {name: a, password: canary-5, type: text}], list: "x:canary-6"}',
      { passwordSeed: 'seed' },
    );
    expect(result.diagnostics.length).toBeGreaterThan(2);
    expect(JSON.stringify(result)).not.toContain('canary');
  });
});
