import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
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

test('configs on servers may be Butane, and refer to others', async () => {
  const second = 'variant: fcos\nversion: 1.5.0\nignition: {config: {merge: [{source: https://a/third}]}}\n';
  const text = configOf('first', { merge: [{ source: 'https://a/second' }] });
  expect(pathsOf(await resolve(text, { 'https://a/second': second, 'https://a/third': configOf('third') }))).toEqual([
    '/first',
    '/third',
  ]);
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

test('two servers may have the same config', async () => {
  const text = configOf('first', { merge: [{ source: 'https://a/1' }, { source: 'https://a/2' }] });
  expect(pathsOf(await resolve(text, { 'https://a/1': configOf('x'), 'https://a/2': configOf('x') }))).toEqual([
    '/first',
    '/x',
  ]);
});

test('a circle is an error', async () => {
  const text = configOf('a', { merge: [{ source: 'https://a/a' }, { source: 'https://a/a' }] });
  await expect(resolve(text, { 'https://a/a': text })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

const pem = (name: string): string => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`;

describe('certificates', () => {
  const trusting = (authorities: readonly object[], config: object): string =>
    JSON.stringify({
      ignition: { version: '3.4.0', config, security: { tls: { certificateAuthorities: authorities } } },
    });

  /** Serves what asks with all the trust that the document wants; tells who asked with what. */
  function trustingServer(texts: Readonly<Record<string, string>>): { fetcher: Fetcher; asked: [string, string[]][] } {
    const asked: [string, string[]][] = [];
    const fetcher: Fetcher = {
      get: async (url, _signal, _headers, { authorities = [] } = {}) => {
        asked.push([url, authorities.map((text) => text.split('\n')[1] ?? '')]);
        const text = texts[url];
        return text === undefined ? undefined : Buffer.from(text);
      },
    };
    return { fetcher, asked };
  }

  test('from servers are put into the config, and trusted for what is fetched after them', async () => {
    const hash = `sha512-${createHash('sha512').update(pem('a')).digest('hex')}`;
    const text = trusting(
      [
        { source: 'https://ca/a', verification: { hash } },
        { source: 's3://bucket/b' },
        { source: `data:,${encodeURIComponent(pem('c'))}` },
      ],
      { merge: [{ source: 'https://a/1' }, { source: 'https://a/2' }] },
    );
    const { fetcher, asked } = trustingServer({
      'https://ca/a': pem('a'),
      's3://bucket/b': pem('b'),
      'https://ca/d': pem('d'),
      'https://a/1': trusting([{ source: 'https://ca/a' }, { source: 'https://ca/d' }], {
        merge: [{ source: 'https://a/3' }],
      }),
      'https://a/2': configOf('second'),
      'https://a/3': configOf('third'),
    });
    expect(ignitionNeedsNetwork(trusting([{ source: 'gs://bucket/b' }], {}))).toBe(true);
    const resolved = await resolveIgnition(text, fetcher, new AbortController().signal);
    expect(asked).toEqual([
      ['https://ca/a', []],
      ['s3://bucket/b', []],
      ['https://a/1', ['a', 'b', 'c']],
      ['https://ca/d', ['a', 'b', 'c']],
      ['https://a/3', ['a', 'b', 'c', 'a', 'd']],
      ['https://a/2', ['a', 'b', 'c', 'a', 'd']],
    ]);
    expect(ignitionNeedsNetwork(resolved)).toBe(false);
    const { config, diagnostics } = parseConfig([{ file: 'a', text: resolved }]);
    expect(diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
    const trusted = ['a', 'b', 'c', 'd'].map((name) => pem(name).trim());
    expect(config.connectivity.caCertificates.toSorted()).toEqual(trusted);
  });

  test.each([
    ['of another hash', [{ source: 'https://ca/a', verification: { hash: `sha256-${'0'.repeat(64)}` } }]],
    ['that are none', [{ source: 'https://ca/none' }]],
    ['that are not there', [{ source: 'https://ca/missing' }]],
  ])('%s are an error', async (_what, authorities) => {
    const { fetcher } = trustingServer({ 'https://ca/a': pem('a'), 'https://ca/none': 'x' });
    const resolving = resolveIgnition(trusting(authorities, {}), fetcher, new AbortController().signal);
    await expect(resolving).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('given in the config that are none are refused when it is read', () => {
    const { config } = parseConfig([{ file: 'a', text: trusting([{ source: 'data:,x' }], {}) }]);
    expect(config.refused).toMatchObject([{ why: 'this is no certificate in PEM form' }]);
  });
});

describe('a Butane config', () => {
  const served = {
    'https://a/second': configOf('second', { merge: [{ source: 'https://a/third' }] }),
    'https://a/third': configOf('third'),
    's3://bucket/ca.pem': pem('a'),
  };
  const hash = `sha512-${createHash('sha512').update(served['https://a/second']).digest('hex')}`;
  const rest = `
storage:
  files: [{path: /first}, {path: first}]
`;
  const inBlocks = `variant: fcos
version: 1.5.0
ignition:
  config:
    merge:
      # the second
      - source: https://a/second # on a server
        verification:
          hash: ${hash}
        # behind

      - inline: '{"ignition": {"version": "3.4.0"}}'
  security:
    tls:
      certificate_authorities:
        - source: s3://bucket/ca.pem`;
  const inFlow = `variant: fcos
version: 1.0.0
ignition: {config: {merge: [
  {source: https://a/second,
   verification: {
     hash: ${hash}}
  }]}}`;

  test.each([
    ['in blocks', inBlocks],
    ['in flow collections', inFlow],
    ['with a mark before it', `\ufeff${inFlow}`],
    ['with lines of Windows', inFlow.replaceAll('\n', '\r\n')],
    [
      'by an alias',
      `${inFlow.replace('ignition: {config: {merge: [', 'x: {y: {z: [&a ')}\nignition: {config: {merge: [*a]}}`,
    ],
    ['by a merge key', inFlow.replace('{source: https://a/second,', '{<<: {source: https://a/second},')],
    ['in its place', inFlow.replace('merge: [', 'replace:').replace('}]}}', '}}}')],
  ])('takes in what it refers to, and all else keeps its line: %s', async (name, head) => {
    const text = `${head}${rest}`;
    expect(ignitionNeedsNetwork(text)).toBe(true);
    const resolved = await resolve(text, served);
    expect(ignitionNeedsNetwork(resolved)).toBe(false);
    const { diagnostics } = parseConfig([{ file: 'a', text: resolved }]);
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    const line = text.split('\n').length - 1;
    expect(errors).toMatchObject([{ line, path: 'storage.files[1].path' }]);
    const whole = parseConfig([{ file: 'a', text: resolved.replace(', {path: first}', '') }]);
    const paths = whole.config.files.map(({ path }) => path);
    expect(new Set(paths)).toEqual(
      new Set(name === 'in its place' ? ['/second', '/third'] : ['/first', '/second', '/third']),
    );
  });

  test('has its certificates from servers, too', async () => {
    const { config } = parseConfig([{ file: 'a', text: await resolve(inBlocks, served) }]);
    expect(config.connectivity.caCertificates).toEqual([pem('a').trim()]);
  });

  test.each([
    ['nothing on a server', 'variant: fcos\nversion: 1.5.0\n'],
    ['an error', 'variant: fcos\nversion: 9.9.9\nignition: {config: {replace: {source: https://a/second}}}\n'],
  ])('with %s comes back as it is', async (_what, text) => {
    expect(ignitionNeedsNetwork(text)).toBe(false);
    expect(await resolve(text, served)).toBe(text);
  });

  test('that grows too long is an error', async () => {
    const noise = Array.from({ length: 30_000 }, (_, index) =>
      createHash('sha256').update(`${index}`).digest('hex'),
    ).join('');
    const large = JSON.stringify({
      ignition: { version: '3.4.0' },
      storage: { files: [{ path: '/a', contents: { source: `data:,${noise}` } }] },
    });
    const resolving = resolve(`${inFlow}\n`.replace(/,\n {3}verification[^]*?\}\n/, ''), { 'https://a/second': large });
    await expect(resolving).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      hint: expect.stringContaining('too long'),
    });
  });
});

test.each([
  ['another language', '#cloud-config\nhostname: a\n'],
  ['no JSON', '{"ignition": '],
  ['nothing to fetch', configOf('a', { merge: [{ source: 'data:,x' }] })],
  ['a scheme that is not followed', configOf('a', { merge: [{ source: 'tftp://a/b' }] })],
])('%s comes back as it is', async (_name, text) => {
  expect(await resolve(text, {})).toBe(text);
});
