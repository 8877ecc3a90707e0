import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { SecretBlanker } from '../../../src/config/blank-secrets.ts';
import { secretsOf } from '../../../src/config/redact.ts';
import { parse } from './support.ts';

const key = '-----BEGIN PRIVATE KEY-----\nY2FuYXJ5IG9uZQ\n  "canary" \\ two\n\n-----END PRIVATE KEY-----\n';
const encoded = Buffer.from(key).toString('base64');
const inLines = (text: string): string => (text.match(/.{1,20}/g) ?? []).map((line) => `      ${line}\n`).join('');
const file = (content: string): string => `write_files:\n  - path: /etc/key\n    permissions: "0600"\n    ${content}\n`;

describe('a secret is blanked', () => {
  test.each([
    ['in a block', file(`content: |\n${key.replace(/^(?=.)/gm, '      ')}`)],
    ['as quoted text', file(`content: ${JSON.stringify(key)}`)],
    ['as base64', file(`encoding: b64\n    content: ${encoded}`)],
    ['as base64 in lines', file(`encoding: b64\n    content: |\n${inLines(encoded)}`)],
    ['as binary of YAML', file(`content: !!binary |\n${inLines(encoded)}`)],
    ['compressed', file(`encoding: gz+b64\n    content: |\n${inLines(gzipSync(key).toString('base64'))}`)],
  ])('%s', (_, text) => {
    const { config } = parse(text);
    expect(Buffer.from(config.files[0]?.contentBase64 ?? '', 'base64').toString()).toBe(key);
    const result = new SecretBlanker(secretsOf(config)).blank(text);
    expect(result).toContain('/etc/key');
    expect(result).toContain('********');
    expect(result).not.toMatch(/canary|Y2Fu|H4sI/);
    expect(result).not.toContain(encoded.slice(20, 36));
  });

  test('in an answer, which is JSON', () => {
    const answer = JSON.stringify([{ key: 'write_files[0].content', value: key }]);
    expect(JSON.parse(new SecretBlanker([key]).blank(answer))).toEqual([
      { key: 'write_files[0].content', value: expect.stringMatching(/^\*{8}(\n)?$/) as unknown },
    ]);
  });
});

test('what is no secret stays, base64 and several lines, too', () => {
  const text = `content: |\n  -----BEGIN PRIVATE KEY-----\n  other\n\n  ${Buffer.from('nobody minds this one').toString('base64')}\n`;
  expect(new SecretBlanker([key, encoded, 'abc']).blank(text)).toBe(text);
});

test.each([
  ['of a user who is refused', `users: [{name: "a b", hashed_passwd: "$6$canary$${'canary'.repeat(14)}"}]\n`],
  [
    'that another goes before',
    `users: [{name: a, hashed_passwd: $6$xyz$one}, {name: a, passwd: $y$j9T$canary$${'canary'.repeat(7)}}]\n`,
  ],
  ['of somebody unknown', `chpasswd: {users: [{name: b, password: $2b$12$${'canary'.repeat(8)}}]}\n`],
])('a password hash is blanked: %s', (_, text) => {
  const result = new SecretBlanker(secretsOf(parse(text).config)).blank(text);
  expect(result).toContain('********');
  expect(result).not.toContain('canary');
});

describe('a private key is blanked where the config does not use it', () => {
  const body = 'Y2FuYXJ5IG9uZQ\nY2FuYXJ5IHR3bw';
  const whole = `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`;
  test.each([
    ['under the name of another type', `ssh_keys:\n  rsa_private: |\n${whole.replace(/^(?=.)/gm, '    ')}`],
    ['as quoted text', `ssh_keys: {rsa_private: ${JSON.stringify(whole)}}\n`],
    ['in a file that all may read', file(`content: ${JSON.stringify(whole)}`).replace('"0600"', '"0644"')],
    [
      'in a file that all may read, as base64',
      file(`encoding: b64\n    content: ${Buffer.from(whole).toString('base64')}`).replace('"0600"', '"0644"'),
    ],
  ])('%s', (_, text) => {
    const { config } = parse(text);
    const result = new SecretBlanker(secretsOf(config)).blank(text);
    expect(result).toContain('********');
    expect(result).not.toMatch(/Y2Fu|LS0tLS1CRUdJT/);
  });
});
