import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { userChecks } from '../../../src/agent/user-checks.ts';
import type { HealthProbe } from '../../../src/config/host-config.ts';
import { lookAt } from '../../../src/update/health-gate.ts';

let server: Server;
let port: number;

beforeAll(async () => {
  server = createServer((request, response) => {
    response.statusCode = request.url === '/broken' ? 503 : 200;
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test.each<{ what: string; probe: () => HealthProbe; holds: boolean; detail: RegExp }>([
  { what: 'a page', probe: () => ({ kind: 'http', url: `http://127.0.0.1:${port}/` }), holds: true, detail: /200/ },
  {
    what: 'a broken page',
    probe: () => ({ kind: 'http', url: `http://127.0.0.1:${port}/broken` }),
    holds: false,
    detail: /503/,
  },
  {
    what: 'nobody at a URL',
    probe: () => ({ kind: 'http', url: 'http://127.0.0.1:1/' }),
    holds: false,
    detail: /ECONNREFUSED/,
  },
  { what: 'an open port', probe: () => ({ kind: 'tcp', host: '127.0.0.1', port }), holds: true, detail: /takes/ },
  {
    what: 'a closed port',
    probe: () => ({ kind: 'tcp', host: '127.0.0.1', port: 1 }),
    holds: false,
    detail: /ECONNREFUSED/,
  },
  { what: 'a command', probe: () => ({ kind: 'command', command: ['true'] }), holds: true, detail: /0/ },
  {
    what: 'a failing command',
    probe: () => ({ kind: 'command', command: ['sh', '-c', 'echo no room >&2; exit 1'] }),
    holds: false,
    detail: /no room/,
  },
  {
    what: 'a failing command that says nothing',
    probe: () => ({ kind: 'command', command: ['sh', '-c', 'exit 3'] }),
    holds: false,
    detail: /^sh -c: ended with 3$/,
  },
])('$what holds: $holds', async ({ probe, holds, detail }) => {
  const checks = userChecks({ checks: [{ name: 'own', level: 'required', probe: probe() }] });
  const [found] = await lookAt(checks, new AbortController().signal);
  expect(found).toMatchObject({ name: 'own', level: 'required', holds });
  expect(found?.detail).toMatch(detail);
});

test('none is declared', () => {
  expect(userChecks(undefined)).toEqual([]);
});
