import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { blankNamedSecrets } from '../../../src/config/named-secrets.ts';

const config = (text: string): string => `#cloud-config\n${text}`;

describe('what a key calls a secret is blanked, whether the config can use it or not', () => {
  test.each([
    ['no hash under a hash', config('users: [{name: root, hashed_passwd: canary, passwd: canary}]\n')],
    [
      'a password of digits, a short one and a list',
      config('users: [{passwd: 0123}, {passwd: cat}, {passwd: [canary]}]\n'),
    ],
    ['chpasswd by user', config('chpasswd: {users: [{name: ann, password: canary, type: hash}]}\n')],
    ['chpasswd by line', config('chpasswd: {list: ["ann canary", {ann: canary}]}\n')],
    ['the key of a device that is missing', config('berth: {luks: {data: {key: canary}, other: canary}}\n')],
    ['a LUKS key that is no base64', config('berth: {luks: {data: {device: /dev/sdb, key_base64: canary!}}}\n')],
    ['no hash for the console', config('berth: {console: {password_hash: canary}}\n')],
    ['a secret that is none', config('berth: {secrets: {a: {content: [canary]}, b: canary}}\n')],
    ['a registry', config('berth: {registries: {a.example: {password: [canary]}}}\n')],
    ['a host key that is none', config('ssh_keys: {rsa_private: canary}\n')],
    ['headers', config('write_files: [{source: {uri: "http://a", headers: {X: canary}}}]\n')],
    ['a private file with a wrong path', config("write_files: [{path: a, permissions: '0600', content: canary}]\n")],
    [
      'a private file as a block',
      config('write_files:\n- path: a\n  permissions: 0600\n  content: |\n    canary\n    canary\n'),
    ],
    ['a file whose mode is none', config('write_files: [{path: a, permissions: rw, content: canary}]\n')],
    ['by an alias', config('x: &a canary\nusers: [{name: b, passwd: *a}]\n')],
    ['beside anchors and merges', config('x: &a {passwd: canary}\nusers: [{<<: *a, name: b}]\n')],
    ['a template', `## template: jinja\n${config('hostname: "{{ v1.region }}"\npassword: canary\n')}`],
    ['Ignition', '{"passwd":{"users":[{"name":"a","passwordHash":"canary"}]}}'],
    [
      'Ignition: a private file',
      '{"storage":{"files":[{"path":"a","mode":384,"contents":{"source":"data:,canary"}}]}}',
    ],
    ['Ignition: a key', '{"storage":{"luks":[{"name":"a","keyFile":{"source":"data:,canary"}}]}}'],
    ['Butane', 'variant: fcos\nstorage: {files: [{path: a, mode: 0640, contents: {inline: canary}}]}\n'],
    ['Butane: what is appended', 'storage: {files: [{path: a, mode: 0600, append: [{inline: canary}]}]}\n'],
    ['Butane: an account', 'passwd: {users: [{name: a, password_hash: canary}]}\n'],
  ])('%s', (_, text) => {
    const shown = blankNamedSecrets(text);
    expect(shown).not.toMatch(/canary|0123|cat\b/);
    expect(shown).toContain('********');
    expect(blankNamedSecrets(shown)).toBe(shown);
  });

  test('in an archive, and in a packed part', () => {
    const text = config('password: canary\n');
    for (const content of [
      `#cloud-config-archive\n- type: text/cloud-config\n  content: |\n    ${text.replace('\n', '\n    ')}`,
      `MIME-Version: 1.0\nContent-Type: application/gzip\nContent-Transfer-Encoding: base64\n\n${gzipSync(text).toString('base64')}\n`,
    ])
      expect(blankNamedSecrets(content)).toMatch(/^#cloud-config-archive[^]*password: .*\*{8}/);
  });
});

test.each([
  [
    'names, modes, switches',
    config('users: [{name: root, lock_passwd: true}]\nchpasswd: {expire: false}\nssh_pwauth: true\n'),
  ],
  ['hashes in a list', config('chpasswd: {list: ["ann:********", "ben:R"]}\n')],
  ['a file that all may read', config("write_files: [{path: /a, permissions: '0644', content: public}]\n")],
  ['a private file from a server', config('x: {mode: 0600, contents: {source: "https://a/b", compression: gzip}}\n')],
  ['something that is appended', config("write_files: [{path: /a, permissions: '0600', append: true}]\n")],
  [
    'a service of such a name',
    config('berth: {services: {password: {image: a, secrets: [b]}}, secrets: {b: {file: /c}}}\n'),
  ],
  ['the accounts of Butane', 'variant: fcos\npasswd: {users: [{name: core, ssh_authorized_keys: [a]}]}\n'],
  ['a script', '#!/bin/sh\npassword: canary\n'],
  ['no value', config('password: null\nchpasswd: {list: }\n')],
])('what is no secret stays: %s', (_, text) => {
  expect(blankNamedSecrets(text)).toBe(text);
});

test('aliases upon aliases take no time', () => {
  const lines = Array.from(
    { length: 30 },
    (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}, *a${index}]`,
  );
  const started = performance.now();
  blankNamedSecrets(config(`a0: &a0 [b]\n${lines.join('\n')}\npassword: *a30\n`));
  expect(performance.now() - started).toBeLessThan(2000);
});
