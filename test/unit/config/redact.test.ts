import { describe, expect, test } from '@jest/globals';
import { redactConfig, secretsOf } from '../../../src/config/redact.ts';
import { brief, examples, parse } from './support.ts';

const canaries = `
users: [{name: a, hashed_passwd: $6$canary$hash}]
write_files:
  - {path: /etc/public, content: everybody may know}
  - {path: /etc/private, content: "canary-file\\n", permissions: "0640"}
mounts: [["//nas/x", /mnt/x, cifs, "user=u,password=canary=mount"]]
berth:
  registries: {r.example: {username: u, password: canary-registry}}
  proxy: {http: "http://u:canary%2Dproxy@p:1", no_proxy: []}
  update: {feed: "https://u:canary-feed@r/", proxy: "http://u:canary-detour@p:1"}
  secrets: {token: {content: "canary-secret"}}
  luks: {vault: {device: /dev/vdb, key: canary-vault}}
`;

describe('secrets', () => {
  const result = parse(canaries);

  test('the config with canaries is a good one', () => {
    expect(brief(result)).toEqual([]);
  });

  test('none is left in a redacted config', () => {
    const text = JSON.stringify(redactConfig(result.config));
    expect(text).not.toContain('canary');
    expect(text).not.toContain(Buffer.from('canary-file\n').toString('base64'));
    expect(text).not.toContain(Buffer.from('canary-vault').toString('base64'));
  });

  test('what is no secret stays', () => {
    const redacted = redactConfig(result.config);
    expect(redacted.files[0]).toEqual(result.config.files[0]);
    expect(redacted.connectivity.proxy.http).toBe('http://u:<redacted>@p:1');
    expect(redacted.connectivity.registries['r.example']?.username).toBe('u');
    expect(redacted.mounts[0]?.options).toEqual(['user=u', 'password=<redacted>']);
  });

  test('each one is listed, longest first', () => {
    const secrets = secretsOf(result.config);
    const expected = [
      '$6$canary$hash',
      'canary-file',
      'canary-registry',
      'canary%2Dproxy',
      'canary-proxy',
      'canary-feed',
      'canary-detour',
      'canary-secret',
      'canary=mount',
    ];
    expect(secrets).toEqual(expect.arrayContaining(expected));
    expect(secrets).not.toContain('everybody may know');
    expect(secrets).toEqual(secrets.toSorted((a, b) => b.length - a.length));
  });

  test('what opens an object by its URL is one', () => {
    const query = 'X-Amz-Date=d&X-Amz-Security-Token=canary-token&X-Amz-Signature=canary-signature';
    const remote = {
      url: `https://u:canary-word@bucket.example/a?${query}`,
      headers: [{ name: 'X', value: 'canary-header' }],
    };
    const file = {
      path: '/a',
      contentBase64: '',
      mode: 0o644,
      owner: 'root',
      group: 'root',
      append: false,
      defer: false,
    };
    const config = { ...result.config, files: [{ ...file, remote }] };
    expect(secretsOf(config)).toEqual(
      expect.arrayContaining(['canary-token', 'canary-signature', 'canary-word', 'canary-header']),
    );
    expect(redactConfig(config).files[0]?.remote).toEqual({
      url: 'https://u:<redacted>@bucket.example/a?X-Amz-Date=d&X-Amz-Security-Token=<redacted>&X-Amz-Signature=<redacted>',
      headers: [{ name: 'X', value: '<redacted>' }],
    });
  });

  test.each(examples)('$name: no secret of it is left after redaction', ({ text }) => {
    const { config } = parse(text);
    const redacted = JSON.stringify(redactConfig(config));
    for (const secret of secretsOf(config).filter(({ length }) => length > 3)) expect(redacted).not.toContain(secret);
  });
});
