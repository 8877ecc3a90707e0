import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../src/agent/system-clock.ts';
import { userChecks } from '../../../src/agent/user-checks.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { isBerthError } from '../../../src/core/errors.ts';
import { HttpFetcher } from '../../../src/datasource/http-fetcher.ts';
import { hostObjectStores } from '../../../src/datasource/objects/host-object-stores.ts';
import { SourceFetcher } from '../../../src/datasource/objects/source-fetcher.ts';
import { resolveIgnition } from '../../../src/datasource/resolve-ignition.ts';
import { HttpContent } from '../../../src/host/files/http-content.ts';
import { ProcessTrust } from '../../../src/host/trust/process-trust.ts';
import { lookAt } from '../../../src/update/health-gate.ts';
import { keptConnections } from '../../../src/update/transfer/http-agents.ts';
import { openSource } from '../../../src/update/tuf/open-source.ts';
import { makeAuthority } from '../../vm/support/authority.ts';

let directory: string;
let root: string;
/** In clear text, for everybody: what it hands out is verified by its hash. */
let plain: HttpServer;
/** Certified by `root` only. */
let secure: HttpsServer;
let [plainOrigin, secureOrigin] = ['', ''];
const stores = hostObjectStores(systemClock, Math.random);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-authorities-'));
  const made = await makeAuthority(directory, ['IP:127.0.0.1']);
  const read = (path: string) => readFile(path, 'utf8');
  root = await read(made.certificate);
  plain = createServer((_request, response) => response.end(root));
  secure = createTlsServer(
    { cert: await read(made.serverCertificate), key: await read(made.serverKey) },
    (request, response) => {
      const config = { ignition: { version: '3.4.0' }, storage: { files: [fileAt(request.url ?? '')] } };
      response.end(request.url?.startsWith('/content') === true ? 'the content' : JSON.stringify(config));
    },
  );
  for (const server of [plain, secure]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  plainOrigin = `http://127.0.0.1:${(plain.address() as AddressInfo).port}`;
  secureOrigin = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
});
afterAll(async () => {
  for (const server of [plain, secure]) {
    server.closeAllConnections();
    server.close();
  }
  await rm(directory, { recursive: true });
});

const fileAt = (path: string): object => ({ path, contents: { source: `${secureOrigin}/content` } });

function configWith(authorities: readonly object[]): string {
  return JSON.stringify({
    ignition: {
      version: '3.4.0',
      config: { merge: [{ source: `${secureOrigin}/opt/merged` }] },
      security: { tls: { certificateAuthorities: authorities } },
    },
  });
}

async function resolve(text: string, signal = new AbortController().signal): Promise<string> {
  const http = new HttpFetcher({ clock: systemClock, random: () => 0, onRetry: () => undefined });
  return await resolveIgnition(text, new SourceFetcher(http, stores), signal);
}

test('a certificate from a server, verified by its hash, is trusted for configs and contents after it', async () => {
  const hash = `sha512-${createHash('sha512').update(root).digest('hex')}`;
  const text = await resolve(configWith([{ source: `${plainOrigin}/ca.pem`, verification: { hash } }]));
  const { config, diagnostics } = parseConfig([{ file: 'a', text }]);
  expect(diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
  expect(config.connectivity.caCertificates).toEqual([root.trim()]);
  expect(config.files.map(({ path }) => path)).toEqual(['/opt/merged']);
  const [{ remote } = {}] = config.files;
  if (remote === undefined) throw new Error('the content is on a server');
  const content = new HttpContent(systemClock, stores);
  const terms = { totalSeconds: 1, way: { authorities: config.connectivity.caCertificates } };
  const bytes = await content.fetch(remote, terms, new AbortController().signal);
  expect(Buffer.from(bytes).toString()).toBe('the content');
  // Without the certificate nobody vouches for the server.
  await expect(content.fetch(remote, { totalSeconds: 1 }, new AbortController().signal)).rejects.toMatchObject({
    code: 'DATASOURCE_UNREACHABLE',
  });
});

test('declared certificates hold for the updater and for health checks, as long as they are declared', async () => {
  const trust = new ProcessTrust();
  const signal = AbortSignal.timeout(10_000);
  const release = async (): Promise<string> => {
    const agents = keptConnections({});
    try {
      const source = openSource(`${secureOrigin}/content`, 'metadata', '/', agents);
      return Buffer.from((await source.read(['timestamp.json'], 100, signal)) ?? []).toString();
    } catch (error) {
      return isBerthError(error) ? error.code : String(error);
    } finally {
      agents['https:'].destroy();
    }
  };
  const probe = { kind: 'http', url: `${secureOrigin}/content` } as const;
  const checks = userChecks({ checks: [{ name: 'shop', level: 'required', probe }] });
  const look = async (): Promise<(string | boolean)[]> => {
    const [shop] = await lookAt(checks, signal);
    return [await release(), shop?.holds ?? ''];
  };
  try {
    expect(await look()).toEqual(['RELEASE_UNREACHABLE', false]);
    trust.declare([root]);
    expect(await look()).toEqual(['the content', true]);
  } finally {
    trust.declare([]);
  }
  expect(await look()).toEqual(['RELEASE_UNREACHABLE', false]);
});

test('another certificate than was meant is not trusted', async () => {
  const hash = `sha512-${'0'.repeat(128)}`;
  await expect(
    resolve(configWith([{ source: `${plainOrigin}/ca.pem`, verification: { hash } }])),
  ).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
});

test('without a certificate the server is asked in vain', async () => {
  await expect(resolve(configWith([]), AbortSignal.timeout(500))).rejects.toThrow();
});

interface Options {
  readonly proxy: { readonly httpProxy: string };
  readonly config: object;
}

describe('a proxy', () => {
  let proxy: HttpServer;
  let origin: string;
  let asked: string[];
  beforeAll(async () => {
    proxy = createServer(({ url = '' }, response) => {
      asked.push(url);
      response.end('{"ignition": {"version": "3.4.0"}, "storage": {"files": [{"path": "/opt/by-proxy"}]}}');
    });
    proxy.on('connect', ({ url = '' }: IncomingMessage, client: Socket) => {
      asked.push(`CONNECT ${url}`);
      const { port } = secure.address() as AddressInfo;
      const server = connect(port, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
      server.pipe(client).pipe(server);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    origin = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    asked = [];
  });
  afterAll(() => {
    proxy.closeAllConnections();
    proxy.close();
  });

  test.each([
    ['Ignition', (options: Options) => JSON.stringify({ ignition: { version: '3.4.0', ...options } })],
    [
      'Butane',
      ({ proxy: { httpProxy } }: Options) =>
        `variant: fcos\nversion: 1.5.0\nignition:\n  proxy: {http_proxy: "${httpProxy}"}\n  config: {merge: [{source: "http://a.invalid/b"}]}\n`,
    ],
  ])('of an %s config gets the configs that it refers to', async (_language, textOf) => {
    const merge = [{ source: 'http://a.invalid/b' }];
    const text = await resolve(textOf({ proxy: { httpProxy: origin }, config: { merge } }));
    expect(parseConfig([{ file: 'a', text }]).config.files.map(({ path }) => path)).toEqual(['/opt/by-proxy']);
    expect(asked).toEqual(['http://a.invalid/b']);
  });

  test('gets contents, without seeing what is encrypted', async () => {
    const content = new HttpContent(systemClock, stores);
    const fetched = async (noProxy: readonly string[]): Promise<string> => {
      const way = { authorities: [root], proxy: { http: origin, https: origin, noProxy } };
      const remote = { url: `${secureOrigin}/content`, headers: [] };
      return Buffer.from(
        await content.fetch(remote, { totalSeconds: 5, way }, new AbortController().signal),
      ).toString();
    };
    expect(await fetched([])).toBe('the content');
    expect(asked).toEqual([`CONNECT ${secureOrigin.replace('https://', '')}`]);
    expect(await fetched(['127.0.0.1'])).toBe('the content');
    expect(asked).toHaveLength(1);
  });
});
