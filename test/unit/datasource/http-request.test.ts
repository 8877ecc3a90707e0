import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { askHttp } from '../../../src/datasource/http-request.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test('another server is told what is asked for, not who asks', async () => {
  const seen: IncomingMessage[] = [];
  const other = await serve((request, response) => {
    seen.push(request);
    response.end('there');
  });
  const first = await serve((request, response) => {
    seen.push(request);
    response.writeHead(307, { location: request.url === '/' ? '/again' : other }).end();
  });
  const headers = { range: 'bytes=1-2', 'if-range': '"1"', 'accept-encoding': 'identity', 'x-token': 'secret' };
  const { status, body } = await askHttp(first, { method: 'GET', headers, signal: new AbortController().signal });
  expect(status).toBe(200);
  await body.toArray();
  expect(seen.map(({ headers: got }) => [got.range, got['if-range'], got['x-token']])).toEqual([
    ['bytes=1-2', '"1"', 'secret'],
    ['bytes=1-2', '"1"', 'secret'],
    ['bytes=1-2', '"1"', undefined],
  ]);
});

test('a redirection is the answer to a question that is final', async () => {
  const base = await serve((_request, response) => response.writeHead(302, { location: '/other' }).end());
  const { status, headers, body } = await askHttp(base, {
    ...{ method: 'GET', isFinal: true },
    signal: new AbortController().signal,
  });
  await body.toArray();
  expect([status, headers.location]).toEqual([302, '/other']);
});

test('a question goes to the address that is given with it, and is meant for the URL’s host', async () => {
  const base = await serve(({ method, headers }, response) => response.end(`${method ?? ''} ${headers.host ?? ''}`));
  const { port } = new URL(base);
  const { body } = await askHttp(`http://metadata.invalid:${port}/`, {
    ...{ method: 'PUT', address: '127.0.0.1' },
    signal: new AbortController().signal,
  });
  expect(Buffer.concat(await body.toArray()).toString()).toBe(`PUT metadata.invalid:${port}`);
});
