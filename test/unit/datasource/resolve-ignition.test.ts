import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { parseConfig } from '../../../src/config/parse.ts';
import { ignitionNeedsNetwork, resolveIgnition } from '../../../src/datasource/resolve-ignition.ts';
import type { Fetcher } from '../../../src/datasource/seed-ports.ts';

const configOf = (name: string, references: object = {}): string =>
  JSON.stringify({
    ignition: { version: '3.4.0', config: references },
    storage: { files: [{ path: `/${name}`, contents: { source: `data:,${name}` } }] },
  });

function serverOf(texts: Readonly<Record<string, string | Uint8Array>>): Fetcher {
  return {
    get: async (url) => {
      const text = texts[url];
      return text === undefined ? undefined : Buffer.from(text);
    },
  };
}

const resolve = async (text: string, texts: Readonly<Record<string, string | Uint8Array>>): Promise<string> =>
  await resolveIgnition(text, serverOf(texts), new AbortController().signal);

const pathsOf = (text: string): string[] => {
  const { config, diagnostics } = parseConfig([{ file: 'a', text }]);
  expect(diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
  return config.files.map(({ path }) => path);
};

test('configs on servers are put into the config, and those they refer to into them', async () => {
  const text = configOf('first', { merge: [{ source: 'https://a/second' }, { source: 'https://a/third' }] });
  const given = `data:,${encodeURIComponent(configOf('fourth', { merge: [{ source: 'https://a/fifth' }] }))}`;
  const resolved = await resolve(text, {
    'https://a/second': configOf('second'),
    'https://a/third': configOf('third', { merge: [{ source: given }] }),
    'https://a/fifth': configOf('fifth'),
  });
  expect(ignitionNeedsNetwork(text)).toBe(true);
  expect(ignitionNeedsNetwork(resolved)).toBe(false);
  expect(pathsOf(resolved)).toEqual(['/first', '/second', '/third', '/fourth', '/fifth']);
});

test('a config is unpacked and verified; another one is an error', async () => {
  const other = configOf('other');
  const hash = `sha512-${createHash('sha512').update(other).digest('hex')}`;
  const reference = { source: 'https://a/b', compression: 'gzip', verification: { hash } };
  const text = configOf('first', { replace: reference });
  expect(pathsOf(await resolve(text, { 'https://a/b': gzipSync(other) }))).toEqual(['/other']);
  for (const wrong of [gzipSync('x'), 'no gzip']) {
    await expect(resolve(text, { 'https://a/b': wrong })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  }
  await expect(resolve(text, {})).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

test('a circle is an error', async () => {
  const text = configOf('a', { merge: [{ source: 'https://a/a' }, { source: 'https://a/a' }] });
  await expect(resolve(text, { 'https://a/a': text })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

test.each([
  ['another language', '#cloud-config\nhostname: a\n'],
  ['no JSON', '{"ignition": '],
  ['nothing to fetch', configOf('a', { merge: [{ source: 'data:,x' }] })],
  ['a scheme that is not followed', configOf('a', { merge: [{ source: 'tftp://a/b' }] })],
])('%s comes back as it is', async (_name, text) => {
  expect(await resolve(text, {})).toBe(text);
});
