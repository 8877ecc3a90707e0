import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../../src/agent/system-clock.ts';
import type { RemoteContent } from '../../../src/config/remote-content.ts';
import { hostObjectStores } from '../../../src/datasource/objects/host-object-stores.ts';
import { HttpContent } from '../../../src/host/files/http-content.ts';

const stores = hostObjectStores(systemClock, Math.random);
let server: Server;
let origin: string;
let asked = 0;
const content = 'what was meant';
const digest = (name: string): string => `${name}-${createHash(name).update(content).digest('hex')}`;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked += 1;
    if (request.url === '/packed') response.end(gzipSync(content));
    else if (request.url === '/busy' && asked < 3) response.writeHead(503).end();
    else if (request.url === '/key') response.writeHead(request.headers['x-key'] === 'k' ? 200 : 403).end(content);
    else if (request.url === '/silent') response.flushHeaders();
    else if (request.url === '/missing') response.writeHead(404).end();
    else response.end(content);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const fetch = async (path: string, rest: Partial<RemoteContent> = {}, totalSeconds = 5): Promise<string> => {
  asked = 0;
  const remote = { url: `${origin}${path}`, headers: [], ...rest };
  const bytes = await new HttpContent(systemClock, stores).fetch(
    remote,
    { totalSeconds },
    new AbortController().signal,
  );
  return Buffer.from(bytes).toString();
};

test('content is unpacked and verified, asked for with its headers, and asked for again while a server is busy', async () => {
  expect(await fetch('/plain', { hash: digest('sha512') })).toBe(content);
  expect(await fetch('/packed', { compression: 'gzip', hash: digest('sha256') })).toBe(content);
  expect(await fetch('/key', { headers: [{ name: 'X-Key', value: 'k' }] })).toBe(content);
  expect(await fetch('/busy')).toBe(content);
});

test.each([
  ['another hash', '/plain', { hash: `sha256-${'0'.repeat(64)}` }, 'HOST_REFUSED'],
  ['no gzip data', '/plain', { compression: 'gzip' }, 'HOST_REFUSED'],
  ['nothing there', '/missing', {}, 'NOT_FOUND'],
  ['other credentials', '/key', {}, 'DATASOURCE_UNREADABLE'],
] as const)('%s is an error', async (_name, path, rest, code) => {
  await expect(fetch(path, rest)).rejects.toMatchObject({ code });
});

test('a server that says nothing more ends at the time limit', async () => {
  await expect(fetch('/silent', {}, 1)).rejects.toMatchObject({ code: 'DATASOURCE_UNREACHABLE' });
});
