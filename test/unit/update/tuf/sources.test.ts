import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BundleSource } from '../../../../src/update/bundle/bundle-source.ts';
import { DirectorySource } from '../../../../src/update/tuf/directory-source.ts';
import { HttpSource } from '../../../../src/update/tuf/http-source.ts';
import { KeptAnswers } from '../../../../src/update/tuf/kept-answers.ts';
import { openSource } from '../../../../src/update/tuf/open-source.ts';

const { signal } = new AbortController();
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-source-'));
});

afterEach(async () => rm(directory, { recursive: true }));

describe('a directory', () => {
  let source: DirectorySource;

  beforeEach(async () => {
    source = new DirectorySource(join(directory, 'repository'));
    await mkdir(join(directory, 'repository', 'sub'), { recursive: true });
    await writeFile(join(directory, 'repository', 'sub', 'a b'), 'content');
    await writeFile(join(directory, 'secret'), 'secret');
  });

  test('gives a file with at most so many bytes', async () => {
    expect(Buffer.from((await source.read(['sub', 'a b'], 7, signal)) ?? []).toString()).toBe('content');
    await expect(source.read(['sub', 'a b'], 6, signal)).rejects.toMatchObject({ details: { refusal: 'oversized' } });
  });

  test.each([
    [['nope']],
    [['sub', 'a b', 'c']],
    [['..', 'secret']],
    [['sub/../../secret']],
    [['.', 'sub']],
    [['\0']],
    [['']],
  ])('%j is not there', async (path) => {
    expect(await source.read(path, 9, signal)).toBeUndefined();
  });

  test('links to files, directories and pipes are not files', async () => {
    await symlink('../secret', join(directory, 'repository', 'link'));
    await promisify(execFile)('mkfifo', [join(directory, 'repository', 'pipe')]);
    for (const name of ['link', 'sub', 'pipe']) {
      await expect(source.read([name], 9, signal)).rejects.toMatchObject({ code: 'RELEASE_UNREACHABLE' });
    }
  });
});

describe('an HTTP server', () => {
  let server: Server;
  let answer: (request: IncomingMessage, response: ServerResponse) => unknown;
  let source: HttpSource;
  const requests: IncomingMessage[] = [];

  beforeEach(async () => {
    requests.length = 0;
    server = createServer((request, response) => {
      requests.push(request);
      answer(request, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    source = new HttpSource(`http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`);
  });

  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  const read = async (maxBytes = 100): Promise<string | undefined> => {
    const content = await source.read(['file'], maxBytes, signal);
    return content === undefined ? undefined : Buffer.from(content).toString();
  };

  test('names are encoded, all characters of them', async () => {
    answer = (_request, response) => void response.end();
    await source.read(['a b', "1.../#?%'ü*.json"], 9, signal);
    expect(requests[0]?.url).toBe('/base/a%20b/1...%2F%23%3F%25%27%C3%BC%2A.json');
    expect(await source.read(['..', 'up'], 9, signal)).toBeUndefined();
    expect(requests).toHaveLength(1);
  });

  test.each([403, 404, 410])('%d means that there is no such file', async (status) => {
    answer = (_request, response) => void response.writeHead(status).end('nope');
    expect(await read()).toBeUndefined();
  });

  test.each([204, 206, 401, 416, 500, 503])('%d is no file either, and may pass', async (status) => {
    answer = (_request, response) => void response.writeHead(status, { 'retry-after': '120' }).end();
    await expect(read()).rejects.toMatchObject({
      code: 'RELEASE_UNREACHABLE',
      retryable: true,
      details: { retryAfter: '120' },
    });
  });

  test('an answer that does not end is cut off', async () => {
    let sent = 0;
    answer = (_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(1000))) sent += 1000;
      };
      response.on('drain', more);
      more();
    };
    await expect(read(5000)).rejects.toMatchObject({ details: { refusal: 'oversized' } });
    expect(sent).toBeLessThan(10_000_000);
  });

  test('a bomb is cut off where it is unpacked', async () => {
    const { gzipSync } = await import('node:zlib');
    answer = (_request, response) =>
      void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(10_000_000)));
    await expect(read(5000)).rejects.toMatchObject({ details: { refusal: 'oversized' } });
  });

  test('an answer that breaks off is no file', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('12345', () => response.destroy());
    };
    await expect(read()).rejects.toMatchObject({ code: 'RELEASE_UNREACHABLE', retryable: true });
  });

  test('redirections are followed, not for ever, and not to other protocols', async () => {
    answer = ({ url }, response) =>
      url === '/there' ? response.end('content') : response.writeHead(302, { location: '/there' }).end();
    expect(await read()).toBe('content');
    answer = (_request, response) => void response.writeHead(302, { location: '/again' }).end();
    await expect(read()).rejects.toMatchObject({ code: 'RELEASE_UNREACHABLE' });
    answer = (_request, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    await expect(read()).rejects.toMatchObject({ code: 'RELEASE_UNREACHABLE' });
  });

  test('what has not changed is not sent again', async () => {
    answer = ({ headers }, response) =>
      headers['if-none-match'] === '"1"'
        ? response.writeHead(304).end()
        : response.writeHead(200, { etag: '"1"' }).end('content');
    expect([await read(), await read()]).toEqual(['content', 'content']);
    expect(requests[1]?.headers['if-none-match']).toBe('"1"');
    answer = (_request, response) => void response.writeHead(200, { etag: '"2"' }).end('newer');
    expect(await read()).toBe('newer');
  });

  test('what an earlier connection got is not sent again either', async () => {
    answer = ({ headers }, response) =>
      headers['if-none-match'] === '"1"'
        ? response.writeHead(304).end()
        : response.writeHead(200, { etag: '"1"' }).end('content');
    const kept = new KeptAnswers();
    for (let time = 0; time < 2; time += 1) {
      const look = new HttpSource(source.location, undefined, kept);
      expect(Buffer.from((await look.read(['file'], 9, signal)) ?? []).toString()).toBe('content');
    }
    expect(requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"']);
  });

  test('the answers of many files, or big ones, do not pile up', () => {
    const kept = new KeptAnswers();
    for (let count = 0; count < 40; count += 1) kept.keep(`http://x/${count}`, '"1"', Buffer.from('content'));
    kept.keep('http://x/big', '"1"', Buffer.alloc(2 ** 20));
    const known = Array.from({ length: 40 }, (_, count) => count).filter((count) => kept.get(`http://x/${count}`));
    expect(known).toEqual(Array.from({ length: 16 }, (_, count) => 24 + count));
    expect(kept.get('http://x/big')).toBeUndefined();
  });

  test('stops when it is told to', async () => {
    const abort = new AbortController();
    answer = () => abort.abort(new Error('enough'));
    await expect(source.read(['file'], 9, abort.signal)).rejects.toThrow('enough');
  });

  test('a server that is not there may come', async () => {
    server.close();
    await expect(read()).rejects.toMatchObject({ code: 'RELEASE_UNREACHABLE', retryable: true });
  });
});

test('a location is a server, a directory or a file', async () => {
  await writeFile(join(directory, 'os.tar'), '');
  expect(openSource('os.tar', 'targets', directory)).toBeInstanceOf(BundleSource);
  expect(openSource('https://example.org/os/', 'metadata', '/somewhere').location).toBe(
    'https://example.org/os/metadata',
  );
  expect(openSource('os', 'targets', '/somewhere').location).toBe('/somewhere/os/targets');
});
