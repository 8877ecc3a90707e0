import { describe, expect, test } from '@jest/globals';
import { emptyHostConfig, type HostConfig } from '../../../src/config/host-config.ts';
import { overlayConfigs } from '../../../src/config/overlay.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { examples } from './support.ts';

const read = (text: string, file = 'config'): HostConfig => parseConfig([{ file, text }]).config;

describe('two host configs as one', () => {
  test.each(examples)('$name over nothing, and nothing over it', ({ text }) => {
    const config = read(text);
    expect(overlayConfigs(emptyHostConfig, config)).toEqual(config);
    expect(overlayConfigs(config, emptyHostConfig)).toEqual(config);
    expect(overlayConfigs(config, config)).toEqual(config);
  });

  test('what is not declared above keeps what is below', () => {
    const lower = read('#cloud-config\nhostname: a\nberth: {update: {channel: edge, strategy: window}}\n');
    const upper = read('#cloud-config\nhostname: b\nberth: {update: {strategy: immediate}}\n');
    expect(overlayConfigs(lower, upper)).toMatchObject({
      ...{ hostname: 'b', update: { channel: 'edge', strategy: 'immediate' } },
    });
  });

  test('of two entries with one name the upper one stays', () => {
    const lower = read('#cloud-config\nwrite_files: [{path: /a, content: "1"}, {path: /b, content: "2"}]\n');
    const upper = read('#cloud-config\nwrite_files: [{path: /b, content: "3"}]\n');
    const { files } = overlayConfigs(lower, upper);
    expect(files.map(({ path, contentBase64 }) => [path, Buffer.from(contentBase64, 'base64').toString()])).toEqual([
      ['/a', '1'],
      ['/b', '3'],
    ]);
  });
});

test("an Ignition config stands between the place's own and the host's own", () => {
  const ignition = {
    ignition: { version: '3.4.0' },
    passwd: { users: [{ name: 'core', sshAuthorizedKeys: ['ssh-ed25519 AAAA core'] }] },
    storage: { files: [{ path: '/etc/hello', contents: { source: 'data:,hello' } }] },
  };
  const { config, diagnostics, sources } = parseConfig([
    {
      file: 'meta-data',
      text: '#cloud-config\n{"hostname": "i-1", "ssh_authorized_keys": ["ssh-ed25519 AAAA place"]}\n',
    },
    { file: 'user-data', text: JSON.stringify(ignition) },
    { file: 'local', text: '#cloud-config\nhostname: web-1\n' },
  ]);
  expect(diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
  expect(config.hostname).toBe('web-1');
  expect(config.users.map(({ name }) => name)).toEqual(['berth', 'core']);
  expect(config.files.map(({ path }) => path)).toEqual(['/etc/hello']);
  expect(sources().get('hostname')?.file).toBe('local');
});
