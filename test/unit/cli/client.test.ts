import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { AgentClient } from '../../../src/cli/client.ts';
import { findSocket, hostSocket } from '../../../src/cli/sockets.ts';

test('an answer that breaks off in its middle is a lost agent, with what to do next, and no bug', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'client-'));
  const socket = join(directory, 's');
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.write('{"kind":"step-done","id":"a","durationMs":1}\n', () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const seen: unknown[] = [];
  const options = { who: 'a', command: 'b', timeoutMs: 1, wait: true };
  const applied = new AgentClient(socket).apply({ generation: 1 }, options, (event) => seen.push(event.kind));
  await expect(applied).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE', retryable: true });
  expect(seen).toEqual(['step-done']);
  server.close();
  await rm(directory, { recursive: true });
});

test.each([
  { of: 'this host', socket: hostSocket, next: 'agent.log' },
  { of: 'a local instance', socket: '/nowhere/api/berth.sock', next: 'up --local' },
])('what to do about the agent of $of that does not answer', async ({ socket, next }) => {
  await expect(new AgentClient(socket).status()).rejects.toMatchObject({
    code: 'AGENT_UNREACHABLE',
    hint: expect.stringContaining(next),
  });
});

test.each([
  { where: 'on a host, also before its agent answers', hostDirectory: tmpdir(), socket: hostSocket },
  { where: 'elsewhere', hostDirectory: join(tmpdir(), 'no-host'), socket: '/run/berth-local/api/berth.sock' },
])('whose agent is asked $where', ({ hostDirectory, socket }) => {
  expect(findSocket(undefined, {}, hostDirectory)).toBe(socket);
});
