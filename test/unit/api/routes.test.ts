import { mkdtemp, rm, stat } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { type ProblemDocument, statusOfCode } from '../../../src/api/problem.ts';
import type { Route } from '../../../src/api/route.ts';
import { routes } from '../../../src/api/routes.ts';
import { schemas } from '../../../src/api/schemas.ts';
import { type ApiServer, serveApi } from '../../../src/api/server.ts';
import { isBerthError } from '../../../src/core/errors.ts';
import { FakeAgent } from './fake-agent.ts';

const webAndDb = `#cloud-config
berth:
  services:
    db: {image: "example/db:3"}
    web: {image: "example/web:1", ports: ["80:8080"], depends_on: {db: {condition: service_healthy}}}
`;
const apply = {
  request: { files: [{ file: 'web.yaml', text: webAndDb }] },
  timeoutMs: 1000,
  wait: true,
  who: 'ops',
  command: 'berth apply web.yaml',
};
const operator = { who: 'ops', command: 'berth service stop web' };

/** A request that succeeds, for each route with a parameter or a body. */
const samples: Readonly<Record<string, { readonly path?: string; readonly body?: unknown }>> = {
  'post /v1/plan': { body: { generation: 1 } },
  'post /v1/apply': { body: apply },
  'post /v1/reconcile': {},
  'get /v1/services/{name}/logs': { path: '/v1/services/web/logs?tail=5&since=2026-01-01T00:00:00Z' },
  'get /v1/why/{subject}': { path: `/v1/why/${encodeURIComponent('service/web')}` },
  'get /v1/ledger': { path: '/v1/ledger?limit=5&subject=web' },
  'get /v1/generations/{number}/config': { path: '/v1/generations/1/config' },
  'post /v1/os/bless': { body: { ...operator, manual: true } },
  'post /v1/os/rollback': { body: { ...operator, reason: '', force: true } },
  'post /v1/os/check': { body: operator },
  'post /v1/os/update': { body: { ...operator, stageOnly: true } },
  'post /v1/os/pin': { body: { ...operator, version: '1.2', until: '2026-12-27T06:00:00Z' } },
  'post /v1/os/inhibit': { body: { ...operator, name: 'backup', why: 'copies', forMs: 60_000 } },
  'post /v1/os/allow-restart': { body: { ...operator, name: 'backup' } },
  'post /v1/shutdown': { body: operator },
};

let directory = '';
let socketPath = '';
let agent = new FakeAgent();
let server: ApiServer;
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema({ $id: 'berth:api', components: { schemas } });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-api-'));
  socketPath = join(directory, 'berth.sock');
  agent = new FakeAgent();
  agent.logLines.set('web', [{ stream: 'stdout', time: '2026-05-01T11:00:00Z', text: 'ready' }]);
  server = await serveApi(agent, socketPath);
  await send('POST', '/v1/apply', apply);
});

afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

describe('every route answers as its row of the table says', () => {
  const answering = routes.filter((route) => route.kind !== 'session' && route.path !== '/v1/events');
  test.each(answering.map((route) => [`${route.method} ${route.path}`, route] as const))('%s', async (name, route) => {
    const sample = samples[name] ?? (route.body === undefined ? {} : { body: operator });
    const response = await send(route.method, sample.path ?? route.path.replace('{name}', 'web'), sample.body);
    expect([response.status, response.text.slice(0, 200)]).toEqual([200, response.text.slice(0, 200)]);
    expect(response.type).toMatch(contentTypes[route.kind]);
    for (const value of valuesOf(route, response.text)) expect(complaints(schemaOf(route), value)).toEqual([]);
  });

  test('get /v1/events, until the client hangs up', async () => {
    const seen: unknown[] = [];
    await new Promise<void>((resolve) => {
      const request = httpRequest({ socketPath, path: '/v1/events', agent: false }, (response) => {
        response.on('data', (chunk: Buffer) => {
          for (const line of chunk.toString().trim().split('\n')) seen.push(JSON.parse(line));
          request.destroy();
        });
        response.on('error', () => resolve());
        response.on('close', () => resolve());
        void send('POST', '/v1/services/web/restart', operator);
      });
      request.on('error', () => undefined).end();
    });
    expect(seen).toMatchObject([{ kind: 'service', service: { name: 'web' } }]);
    for (const event of seen) expect(complaints(schemas['AgentEvent'] ?? {}, event)).toEqual([]);
  });
});

describe('errors are problem documents with the status of their code', () => {
  test.each([
    ['a path that is not there', 'GET', '/v2/status', undefined, 'NOT_FOUND', 404],
    ['an unknown service', 'POST', '/v1/services/nope/stop', operator, 'SERVICE_UNKNOWN', 404],
    ['an unknown generation', 'GET', '/v1/generations/99/config', undefined, 'NOT_FOUND', 404],
    ['a number that is none', 'GET', '/v1/generations/first/config', undefined, 'USAGE', 400],
    ['a body that is not JSON', 'POST', '/v1/plan', '{', 'USAGE', 400],
    ['a body without what it needs', 'POST', '/v1/plan', { files: [] }, 'USAGE', 400],
    ['a body of another shape', 'POST', '/v1/apply', { request: { generation: 1 }, timeoutMs: -1 }, 'USAGE', 400],
    ['a limit that is no number', 'GET', '/v1/ledger?limit=all', undefined, 'USAGE', 400],
    ['a time that is none', 'GET', '/v1/ledger?since=yesterday', undefined, 'USAGE', 400],
    [
      'a body beyond 10 MB',
      'POST',
      '/v1/plan',
      { files: [{ file: 'x', text: 'x'.repeat(10 * 2 ** 20) }] },
      'USAGE',
      413,
    ],
    [
      'a config with errors',
      'POST',
      '/v1/apply',
      { ...apply, request: { files: [{ file: 'x', text: '#cloud-config\nberth: 1\n' }] } },
      'CONFIG_INVALID',
      422,
    ],
    [
      'a generation to go back to that is not there',
      'POST',
      '/v1/apply',
      { ...apply, request: { generation: 99 } },
      'NOT_FOUND',
      404,
    ],
  ] as const)('%s', async (_rule, method, path, body, code, status) => {
    const response = await send(method, path, body);
    const problem = JSON.parse(response.text) as ProblemDocument;
    expect(response.type).toBe('application/problem+json');
    expect([response.status, problem.status, problem.code]).toEqual([status, status, code]);
    expect(complaints(schemas['Problem'] ?? {}, problem)).toEqual([]);
  });

  test('every code of a route is documented under its status', async () => {
    const document = JSON.parse((await send('GET', '/v1/openapi.json')).text) as OpenApi;
    for (const { method, path, errors } of routes) {
      const documented = Object.keys(document.paths[path]?.[method]?.responses ?? {});
      for (const code of errors)
        expect([path, documented]).toEqual([path, expect.arrayContaining([String(statusOfCode[code])])]);
    }
  });
});

describe('the OpenAPI document', () => {
  test('has each route of the table and no other', async () => {
    const document = JSON.parse((await send('GET', '/v1/openapi.json')).text) as OpenApi;
    const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    expect(documented.toSorted()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).toSorted());
    expect(document.openapi).toBe('3.1.1');
  });

  test('has unique operation ids, and every reference leads somewhere', async () => {
    const { text } = await send('GET', '/v1/openapi.json');
    const ids = [...text.matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(routes.length);
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g))
      expect(Object.keys(schemas)).toContain(name);
  });
});

test('the socket is for its owner and group only, and a second agent is refused', async () => {
  expect((await stat(socketPath)).mode & 0o777).toBe(0o660);
  const refusal = await serveApi(agent, socketPath).catch((error: unknown) => error);
  expect(isBerthError(refusal, 'AGENT_RUNNING')).toBe(true);
});

test('the socket of an agent that died is taken over', async () => {
  const path = join(directory, 'dead.sock');
  await (await serveApi(agent, path)).close();
  const second = await serveApi(agent, path);
  expect((await send('GET', '/healthz', undefined, path)).status).toBe(200);
  await second.close();
});

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: object }>>>>;
}

const contentTypes = {
  json: /^application\/json/,
  stream: /^application\/x-ndjson/,
  text: /^text\/plain/,
  session: /^$/,
} as const;

function valuesOf(route: Route, text: string): unknown[] {
  if (route.kind === 'text') return [text];
  if (route.kind === 'json') return [JSON.parse(text) as unknown];
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

function schemaOf(route: Route): object {
  if (route.kind === 'json') return route.response;
  return route.kind === 'stream' ? route.line : { type: 'string' };
}

/** What is wrong with a value, by its schema. */
function complaints(schema: object, value: unknown): string[] {
  const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"berth:api#/components')) as object;
  return ajv.validate(absolute, value)
    ? []
    : (ajv.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
}

async function send(
  method: string,
  path: string,
  body?: unknown,
  socket = socketPath,
): Promise<{ status: number; type: string; text: string }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest({ socketPath: socket, method: method.toUpperCase(), path, agent: false }, resolve);
    // A server that refuses a body may hang up while it is still being sent.
    request.on('error', reject);
    request.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  });
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return { status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', text };
}
