import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { HttpAgents } from '../../../src/datasource/http-request.ts';
import { keptConnections, type ProxySettings } from '../../../src/update/transfer/http-agents.ts';
import { HttpSource, type HttpSourceOptions } from '../../../src/update/transfer/http-source.ts';
import type { ByteSpan } from '../../../src/update/transfer/segment.ts';
import { readSpan, whole } from '../../../src/update/transfer/source.ts';
import { imageOf, never, stoppedClock } from '../../unit/update/transfer/support/slots.ts';

const file = imageOf(1, 100);
const artifact = { path: 'blobs/a b.zst', bytes: file.length, hashes: {}, place: ['blobs', 'a b.zst'] };
const part: ByteSpan = { start: 1000, end: 301_000 };

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const open: { close(): void }[] = [];

afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function serve(answer: Answer): Promise<string> {
  const server: Server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({ close: () => void server.close(() => undefined) }, { close: () => server.closeAllConnections() });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/repository/`;
}

function sourceOf(url: string, options: Partial<HttpSourceOptions> = {}): HttpSource {
  return new HttpSource({
    url,
    agents: agentsOf({}),
    clock: stoppedClock,
    random: () => 0.5,
    patienceMs: 300,
    ...options,
  });
}

function agentsOf(proxy: ProxySettings): HttpAgents {
  const agents = keptConnections(proxy);
  open.push(...(['http:', 'https:'] as const).map((scheme) => ({ close: () => agents[scheme].destroy() })));
  return agents;
}

function rangeOf({ headers }: IncomingMessage): [number, number] {
  const [, start = '0', end = String(file.length - 1)] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
  return [Number(start), Number(end)];
}

/** What a good server does. */
const honest: Answer = (request, response) => {
  const [start, end] = rangeOf(request);
  const isPart = request.headers.range !== undefined;
  response.writeHead(isPart ? 206 : 200, {
    etag: '"1"',
    ...(isPart ? { 'content-range': `bytes ${start}-${end}/${file.length}` } : {}),
  });
  response.end(file.subarray(start, end + 1));
};

async function readFrom(answer: Answer, span: ByteSpan = part, options: Partial<HttpSourceOptions> = {}) {
  return readSpan(sourceOf(await serve(answer), options), artifact, span, never);
}

test('gets a part, and the whole', async () => {
  expect(await readFrom(honest)).toEqual(file.slice(part.start, part.end));
  expect(await readFrom(honest, whole(artifact))).toEqual(file);
});

test('names are taken as names', async () => {
  const asked: (string | undefined)[] = [];
  await readFrom((request, response) => {
    asked.push(request.url);
    honest(request, response);
  });
  expect(asked).toEqual(['/repository/blobs/a%20b.zst']);
  const source = sourceOf('http://127.0.0.1:1/');
  const outside = readSpan(source, { ...artifact, place: ['..', 'secret'] }, part, never);
  await expect(outside).rejects.toMatchObject({ details: { refusal: 'missing' } });
});

test('goes on where a connection broke, and only if the file is the same', async () => {
  const asked: unknown[] = [];
  const bytes = await readFrom((request, response) => {
    asked.push([request.headers.range, request.headers['if-range']]);
    if (asked.length > 1) {
      honest(request, response);
      return;
    }
    const [start, end] = rangeOf(request);
    response.writeHead(206, {
      etag: '"1"',
      'content-range': `bytes ${start}-${end}/${file.length}`,
      'content-length': end + 1 - start,
    });
    response.write(file.subarray(start, start + 100_000), () => response.destroy());
  });
  expect(bytes).toEqual(file.slice(part.start, part.end));
  expect(asked).toEqual([
    ['bytes=1000-300999', undefined],
    ['bytes=101000-300999', '"1"'],
  ]);
});

test('a server without ranges still gives the whole, also when the connection broke', async () => {
  let asked = 0;
  const bytes = await readFrom((_, response) => {
    asked += 1;
    response.writeHead(200, { 'content-length': file.length });
    if (asked > 1) response.end(file);
    else response.write(file.subarray(0, 200_000), () => response.destroy());
  }, whole(artifact));
  expect(bytes).toEqual(file);
});

test('waits longer and longer, and gives up in the end', async () => {
  const waits: number[] = [];
  const reading = readFrom((_, response) => void response.writeHead(503).end(), part, {
    onRetry: ({ waitMs }) => waits.push(waitMs),
  });
  await expect(reading).rejects.toMatchObject({ code: 'RELEASE_UNREACHABLE', retryable: true });
  expect(waits).toEqual([375, 750, 1500, 3000, 6000]);
});

test('asks through a proxy', async () => {
  const seen: (string | undefined)[] = [];
  const url = await serve(honest);
  const proxy = await serve((request, response) => {
    seen.push(request.url);
    honest(request, response);
  });
  const direct = sourceOf(url, { agents: agentsOf({ HTTP_PROXY: proxy, NO_PROXY: '127.0.0.1' }) });
  await readSpan(direct, artifact, part, never);
  expect(seen).toEqual([]);
  await readSpan(sourceOf(url, { agents: agentsOf({ HTTP_PROXY: proxy }) }), artifact, part, never);
  expect(seen).toEqual([`${url}blobs/a%20b.zst`]);
});

test('asks for a tunnel to a server that speaks TLS', async () => {
  const tunnels: (string | undefined)[] = [];
  const server = createServer();
  server.on('connect', (request, socket) => {
    tunnels.push(request.url);
    socket.end('HTTP/1.1 502 no\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({ close: () => void server.close(() => undefined) });
  const proxy = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const source = sourceOf('https://updates.example/', { agents: agentsOf({ HTTPS_PROXY: proxy }) });
  await expect(readSpan(source, artifact, part, never)).rejects.toMatchObject({ code: 'RELEASE_UNREACHABLE' });
  expect(tunnels[0]).toBe('updates.example:443');
});

describe('refuses a server that', () => {
  const lies: Record<string, { readonly answer: Answer; readonly code: string; readonly says: RegExp }> = {
    'sends another range': {
      answer: (request, response) => {
        const [start, end] = rangeOf(request);
        response.writeHead(206, { 'content-range': `bytes ${start + 1}-${end + 1}/${file.length}` });
        response.end(file.subarray(start + 1, end + 2));
      },
      code: 'RELEASE_REFUSED',
      says: /sent bytes 1001-301000\/409600 instead of bytes 1000-300999\/409600/,
    },
    'has a file of another size': {
      answer: (request, response) => {
        const [start, end] = rangeOf(request);
        response.writeHead(206, { 'content-range': `bytes ${start}-${end}/999999` }).end();
      },
      code: 'RELEASE_REFUSED',
      says: /instead of bytes/,
    },
    'says nothing about the range': {
      answer: (_, response) => void response.writeHead(206).end(file),
      code: 'RELEASE_REFUSED',
      says: /an unknown range/,
    },
    'sends everything': {
      answer: (_, response) => void response.writeHead(200).end(file),
      code: 'UNSUPPORTED',
      says: /does not answer range requests/,
    },
    'announces too much': {
      answer: (request, response) => {
        const [start, end] = rangeOf(request);
        const headers = { 'content-range': `bytes ${start}-${end}/${file.length}`, 'content-length': 2 ** 40 };
        response.writeHead(206, headers).write('x');
      },
      code: 'RELEASE_REFUSED',
      says: /announced 1099511627776 bytes/,
    },
    'never ends': {
      answer: (request, response) => {
        const [start, end] = rangeOf(request);
        response.writeHead(206, { 'content-range': `bytes ${start}-${end}/${file.length}` });
        const more = (): void => {
          if (!response.destroyed) response.write(file, more);
        };
        more();
      },
      code: 'RELEASE_REFUSED',
      says: /sends more than 300000 bytes/,
    },
    'ends too early, always': {
      answer: (request, response) => {
        const [start, end] = rangeOf(request);
        response.writeHead(206, { 'content-range': `bytes ${start}-${end}/${file.length}` });
        response.end(file.subarray(start, start + 1));
      },
      code: 'RELEASE_UNREACHABLE',
      says: /cut short/,
    },
    'goes to sleep': {
      answer: (request, response) => {
        const [start, end] = rangeOf(request);
        response.writeHead(206, { 'content-range': `bytes ${start}-${end}/${file.length}` }).write('x');
      },
      code: 'RELEASE_UNREACHABLE',
      says: /less than 16384 bytes in 50 ms/,
    },
    'never answers': {
      answer: () => undefined,
      code: 'RELEASE_UNREACHABLE',
      says: /less than 16384 bytes in 50 ms/,
    },
    'packs what it sends': {
      answer: (request, response) => {
        const [start, end] = rangeOf(request);
        const headers = { 'content-range': `bytes ${start}-${end}/${file.length}`, 'content-encoding': 'gzip' };
        response.writeHead(206, headers).end(gzipSync(file.subarray(start, end + 1)));
      },
      code: 'RELEASE_REFUSED',
      says: /packed it with gzip/,
    },
    'sends round in circles': {
      answer: ({ url = '' }, response) => void response.writeHead(302, { location: url }).end(),
      code: 'RELEASE_UNREACHABLE',
      says: /more than 10 redirections/,
    },
    'sends somewhere strange': {
      answer: (_, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      code: 'RELEASE_UNREACHABLE',
      says: /redirection to file/,
    },
    'has no such file': {
      answer: (_, response) => void response.writeHead(404).end(),
      code: 'RELEASE_REFUSED',
      says: /no such file/,
    },
    'wants somebody else': {
      answer: (_, response) => void response.writeHead(401).end(),
      code: 'RELEASE_UNREACHABLE',
      says: /answered 401/,
    },
    'gives nothing': {
      answer: (_, response) => void response.writeHead(204).end(),
      code: 'RELEASE_UNREACHABLE',
      says: /answered 204/,
    },
    'announces less than the whole': {
      answer: (request, response) => {
        const [start, end] = rangeOf(request);
        const headers = { 'content-range': `bytes ${start}-${end}/${file.length}`, 'content-length': 10 };
        response.writeHead(206, headers).end(file.subarray(start, start + 10));
      },
      code: 'RELEASE_REFUSED',
      says: /announced 10 bytes instead of 300000/,
    },
  };

  test.each(Object.entries(lies))('%s', async (_, { answer, code, says }) => {
    // Who waits for what never comes need not wait long; whoever answers may be slow to.
    const isSilent = says.source.includes('50 ms');
    const reading = readFrom(answer, part, isSilent ? { patienceMs: 50 } : {});
    await expect(reading).rejects.toMatchObject({ code, message: expect.stringMatching(says) });
  });

  test('changes the file meanwhile', async () => {
    let tag = 0;
    const url = await serve((request, response) => {
      const [start, end] = rangeOf(request);
      tag += 1;
      response.writeHead(206, { etag: `"${tag}"`, 'content-range': `bytes ${start}-${end}/${file.length}` });
      response.end(file.subarray(start, end + 1));
    });
    const source = sourceOf(url);
    await readSpan(source, artifact, part, never);
    const changed = readSpan(source, artifact, { start: 5, end: 9 }, never);
    await expect(changed).rejects.toMatchObject({ code: 'RELEASE_REFUSED', message: expect.stringMatching(/changed/) });
  });

  test('sends a byte now and then', async () => {
    const reading = readFrom(
      (request, response) => {
        const [start, end] = rangeOf(request);
        response.writeHead(206, { 'content-range': `bytes ${start}-${end}/${file.length}` });
        const timer = setInterval(() => response.write('x'), 10);
        response.on('close', () => clearInterval(timer));
      },
      part,
      { patienceMs: 60 },
    );
    await expect(reading).rejects.toMatchObject({ code: 'RELEASE_UNREACHABLE' });
  });
});

test('a server that is sent on to keeps the range and gets no password', async () => {
  const seen: IncomingMessage[] = [];
  const other = await serve((request, response) => {
    seen.push(request);
    honest(request, response);
  });
  const first = await serve((request, response) => {
    seen.push(request);
    response.writeHead(302, { location: `${other}moved` }).end();
  });
  const source = sourceOf(first.replace('//', '//user:secret@'));
  expect(await readSpan(source, artifact, part, never)).toEqual(file.slice(part.start, part.end));
  expect(seen.map(({ headers }) => [headers.range, headers.authorization])).toEqual([
    ['bytes=1000-300999', 'Basic dXNlcjpzZWNyZXQ='],
    ['bytes=1000-300999', undefined],
  ]);
});

test('what is told of a server has no password in it', async () => {
  const url = await serve((_, response) => void response.writeHead(401).end());
  const reading = readSpan(sourceOf(url.replace('//', '//user:secret@')), artifact, part, never);
  await expect(reading).rejects.toMatchObject({ message: expect.not.stringContaining('secret') });
});

test('the whole is gone on with by a range', async () => {
  const asked: unknown[] = [];
  const bytes = await readFrom((request, response) => {
    asked.push(request.headers.range);
    if (asked.length > 1) {
      honest(request, response);
      return;
    }
    response.writeHead(200, { etag: '"1"', 'content-length': file.length });
    response.write(file.subarray(0, 200_000), () => response.destroy());
  }, whole(artifact));
  expect(bytes).toEqual(file);
  expect(asked).toEqual([undefined, 'bytes=200000-409599']);
});

test('a weak tag says nothing about bytes', async () => {
  const asked: unknown[] = [];
  const url = await serve((request, response) => {
    const [start, end] = rangeOf(request);
    asked.push(request.headers['if-range']);
    const range = `bytes ${start}-${end}/${file.length}`;
    response.writeHead(206, { etag: `W/"${asked.length}"`, 'content-range': range });
    response.end(file.subarray(start, end + 1));
  });
  const source = sourceOf(url);
  for (const start of [5, 9]) await readSpan(source, artifact, { start, end: start + 4 }, never);
  expect(asked).toEqual([undefined, undefined]);
});

test('an abort ends the request with its reason', async () => {
  const stop = new AbortController();
  const url = await serve(() => stop.abort(new Error('enough')));
  await expect(readSpan(sourceOf(url), artifact, part, stop.signal)).rejects.toThrow('enough');
});

test('connections are used again', async () => {
  const sockets = new Set<unknown>();
  const url = await serve((request, response) => {
    sockets.add(request.socket);
    honest(request, response);
  });
  const source = sourceOf(url);
  for (let start = 0; start < 10; start += 1) await readSpan(source, artifact, { start, end: start + 100 }, never);
  expect(sockets.size).toBe(1);
});
