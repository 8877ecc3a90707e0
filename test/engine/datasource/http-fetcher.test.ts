import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { HttpFetcher, type HttpFetcherDeps } from '../../../src/datasource/http-fetcher.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(listener: RequestListener, port = 0): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A fetcher whose waits are over at once; `waits` holds how long they were meant to be. */
function fetcherOf(options: Partial<HttpFetcherDeps> = {}): {
  fetcher: HttpFetcher;
  waits: number[];
  errors: string[];
} {
  const waits: number[] = [];
  const errors: string[] = [];
  const fetcher = new HttpFetcher({
    clock: {
      now: () => 0,
      sleep: async (ms, signal) => {
        waits.push(ms);
        await new Promise((resolve) => setTimeout(resolve, 1));
        signal?.throwIfAborted();
      },
    },
    random: () => 0.999,
    onRetry: ({ error }) => void errors.push(error),
    ...options,
  });
  return { fetcher, waits, errors };
}

const never = new AbortController().signal;
const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : new TextDecoder().decode(bytes);

describe('a document over HTTP', () => {
  test('comes with its bytes, over a redirection, with the given headers', async () => {
    const base = await serve((request, response) => {
      if (request.url === '/old') response.writeHead(302, { location: '/new' }).end();
      else response.end(`${String(request.headers['x-token'] ?? '')} ${request.headers.authorization ?? ''}`);
    });
    const { fetcher } = fetcherOf();
    expect(textOf(await fetcher.get(`${base}/old`, never, { 'x-token': 't' }))).toBe('t ');
    const credentials = base.replace('//', '//us%40er:pass@');
    expect(textOf(await fetcher.get(`${credentials}/new`, never))).toBe(
      ` Basic ${Buffer.from('us@er:pass').toString('base64')}`,
    );
  });

  test('is asked for at another server without what was meant for the first', async () => {
    const other = await serve((request, response) =>
      response.end(`${String(request.headers['x-token'])} ${String(request.headers.authorization)}`),
    );
    const base = await serve((_request, response) => response.writeHead(307, { location: `${other}/new` }).end());
    const { fetcher } = fetcherOf();
    const answer = await fetcher.get(base.replace('//', '//user:pass@'), never, { 'x-token': 't' });
    expect(textOf(answer)).toBe('undefined undefined');
  });

  test('that is not there is none', async () => {
    const base = await serve((request, response) => response.writeHead(request.url === '/gone' ? 410 : 404).end('no'));
    const { fetcher, waits } = fetcherOf();
    expect(await fetcher.get(`${base}/x`, never)).toBeUndefined();
    expect(await fetcher.get(`${base}/gone`, never)).toBeUndefined();
    expect(waits).toEqual([]);
  });

  test('is asked for again while the server fails, with longer and longer waits', async () => {
    let requests = 0;
    const base = await serve((_request, response) => {
      requests += 1;
      if (requests <= 9) response.writeHead([500, 503, 429][requests % 3] ?? 500).end();
      else response.end('late');
    });
    const { fetcher, waits } = fetcherOf();
    expect(textOf(await fetcher.get(base, never))).toBe('late');
    expect(waits).toEqual([500, 1000, 1999, 3998, 7996, 15_992, 31_984, 59_970, 59_970]);
  });

  test('is asked for until somebody answers at all', async () => {
    const first = await serve(() => undefined);
    const port = Number(new URL(first).port);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const { fetcher, waits, errors } = fetcherOf();
    const answer = fetcher.get(first, never);
    while (waits.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    await serve((_request, response) => response.end('here'), port);
    expect(textOf(await answer)).toBe('here');
    expect(errors[0]).toMatch(/ECONNREFUSED/);
  });

  test('that is refused is not asked for again, and the message holds no secret', async () => {
    const base = await serve((_request, response) => response.writeHead(403).end());
    const { fetcher, waits } = fetcherOf();
    await expect(fetcher.get(`${base.replace('//', '//user:pass@')}/a?token=secret`, never)).rejects.toMatchObject({
      code: 'DATASOURCE_UNREADABLE',
      message: `${base}/a: the server answered 403`,
    });
    expect(waits).toEqual([]);
  });

  test('that never ends is cut off', async () => {
    const base = await serve((_request, response) => {
      const more = setInterval(() => response.write(Buffer.alloc(100)), 1);
      response.once('close', () => clearInterval(more));
    });
    const { fetcher } = fetcherOf({ maxBytes: 1000 });
    await expect(fetcher.get(base, never)).rejects.toMatchObject({
      code: 'DATASOURCE_UNREADABLE',
      message: expect.stringMatching(/is longer than 1000 bytes/),
    });
  });

  test('that is packed for the way counts as what it unpacks to', async () => {
    const bomb = gzipSync(Buffer.alloc(10 * 2 ** 20));
    const base = await serve((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    const { fetcher } = fetcherOf({ maxBytes: 2 ** 20 });
    await expect(fetcher.get(base, never)).rejects.toMatchObject({ code: 'DATASOURCE_UNREADABLE' });
  });

  test('from a server that falls silent is asked for again', async () => {
    let requests = 0;
    const base = await serve((_request, response) => {
      requests += 1;
      if (requests === 2) response.write('half');
      if (requests === 3) response.end('whole');
    });
    const { fetcher, errors } = fetcherOf({ answerMs: 50, stallMs: 50 });
    expect(textOf(await fetcher.get(base, never))).toBe('whole');
    expect(errors).toEqual(['no answer within 50 ms', 'the answer stalled within 50 ms']);
  });

  test('is not waited for when aborted', async () => {
    const base = await serve((_request, response) => response.writeHead(500).end());
    const stop = new AbortController();
    const { fetcher } = fetcherOf({ onRetry: () => stop.abort(new Error('stopped')) });
    await expect(fetcher.get(base, stop.signal)).rejects.toThrow('stopped');
  });
});
