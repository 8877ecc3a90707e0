import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import type { BootReport } from '../../../src/agent/boot-report.ts';
import { ReportSender, type ReportSenderDependencies } from '../../../src/agent/report-sender.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const report: BootReport = {
  ...{ kind: 'berth-boot', phase: 'end', at: '', hostname: 'h', machineId: '', bootId: '', version: '1' },
  ...{ origin: null, state: 'healthy', generation: 1, os: null, services: [], problems: [], diagnostics: [] },
};

/** A sender whose waits are over at once. */
function senderOf(options: Partial<ReportSenderDependencies> = {}): {
  sender: ReportSender;
  waits: number[];
  given: string[];
} {
  const waits: number[] = [];
  const given: string[] = [];
  const sender = new ReportSender({
    clock: {
      now: () => 0,
      sleep: async (ms) => {
        waits.push(ms);
        return Promise.resolve();
      },
    },
    random: () => 0.999,
    whenOnline: async () => Promise.resolve(),
    onGiveUp: (why) => void given.push(why),
    signal: new AbortController().signal,
    ...options,
  });
  return { sender, waits, given };
}

test('a report arrives as JSON, with the credentials of its URL, after as many tries as it takes', async () => {
  const seen: { body: string; headers: Record<string, unknown> }[] = [];
  let busy = 2;
  const base = await serve((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      seen.push({ body, headers: request.headers });
      response.writeHead(busy-- > 0 ? 503 : 204).end();
    });
  });
  const { sender, waits, given } = senderOf();
  sender.send(base.replace('//', '//me:pw@'), report);
  await sender.idle();
  expect(seen).toHaveLength(3);
  expect(JSON.parse(seen[2]?.body ?? '')).toEqual(report);
  const authorization = `Basic ${Buffer.from('me:pw').toString('base64')}`;
  expect(seen[2]?.headers).toMatchObject({ 'content-type': 'application/json', authorization });
  expect(waits).toHaveLength(2);
  expect(waits[1]).toBeGreaterThan(waits[0] ?? 0);
  expect(given).toEqual([]);
});

test.each([
  [
    'refuses it',
    (_: unknown, response: { writeHead(status: number): { end(): void } }) => response.writeHead(403).end(),
    0,
    /403/,
  ],
  [
    'never gets well',
    (_: unknown, response: { writeHead(status: number): { end(): void } }) => response.writeHead(500).end(),
    2,
    /500/,
  ],
  ['never answers', () => undefined, 2, /time/i],
])('a server that %s is given up, and the next report goes out', async (_what, listener, waited, why) => {
  const bad = await serve(listener);
  let arrived = 0;
  const good = await serve((_request, response) => {
    arrived += 1;
    response.end();
  });
  const { sender, waits, given } = senderOf({ tries: 3, answerMs: 100 });
  sender.send(bad, report);
  sender.send(good, report);
  await sender.idle();
  expect(waits).toHaveLength(waited);
  expect(given).toEqual([expect.stringMatching(why)]);
  expect(arrived).toBe(1);
});

test('without a network nothing is sent, and the end of the agent ends the wait', async () => {
  const ending = new AbortController();
  const { sender, given } = senderOf({
    signal: ending.signal,
    whenOnline: async (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        setImmediate(() => ending.abort());
      }),
  });
  sender.send('http://127.0.0.1:1/', report);
  await sender.idle();
  expect(given).toEqual([]);
});
