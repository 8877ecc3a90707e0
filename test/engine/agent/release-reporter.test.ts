import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { OsRecords } from '../../../src/agent/os-records.ts';
import { postReport } from '../../../src/agent/post-report.ts';
import { type ReleaseReport, releaseReport } from '../../../src/agent/release-report.ts';
import { ReleaseReporter } from '../../../src/agent/release-reporter.ts';

let directory: string;
let server: Server;
let url: string;
/** What the server answers, in turn; then 204. */
let answers: number[];
let heard: ReleaseReport[];
const ending: AbortController[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-reporter-'));
  [answers, heard] = [[], []];
  server = createServer((request, response) => {
    void json(request).then((body) => {
      const status = answers.shift() ?? 204;
      if (status < 300) heard.push(body as ReleaseReport);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterEach(async () => {
  for (const one of ending.splice(0)) one.abort();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});

const rejection = (version: string) =>
  ({
    at: `2026-05-01T00:00:0${version.at(-1)}Z`,
    kind: 'rejected',
    version,
    reason: `${version} was not healthy`,
  }) as const;

/** An agent's part that reports, from its start to its end. Waits are over at the next turn. */
async function agent(declared: () => string | undefined = () => url, whenOnline: Promise<unknown> = Promise.resolve()) {
  const records = await OsRecords.open(directory);
  const end = new AbortController();
  ending.push(end);
  const problems: string[] = [];
  const identity = { machineId: 'm', bootId: 'b', hostname: 'h', runs: '1.0', taken: [] };
  const reporter = new ReleaseReporter({
    file: join(directory, 'release-reports.json'),
    events: () => records.events,
    report: (event) => releaseReport({ event, ...identity, redact: (text) => text }),
    url: declared,
    post: postReport(),
    whenOnline: async () => {
      await whenOnline;
    },
    onProblem: (why) => problems.push(why),
    clock: {
      now: () => 0,
      sleep: async (_, signal) => {
        await turn();
        signal?.throwIfAborted();
      },
    },
    random: () => 0,
  });
  const running = reporter.run(end.signal);
  const stop = async (): Promise<void> => {
    end.abort(new Error('the agent ends'));
    await running;
  };
  return { records, reporter, problems, stop };
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !condition(); ) {
    if (Date.now() > deadline) throw new Error('it never happened');
    await turn();
  }
}

test('each release that failed is told once, in order, whatever the server says at first', async () => {
  answers = [503, 404, 500];
  const { records, reporter, problems, stop } = await agent();
  await records.add({ ...rejection('1.0'), kind: 'booted' });
  await records.add(rejection('1.1'));
  await until(() => heard.length === 1);
  await records.add(rejection('1.2'));
  await until(() => heard.length === 2);
  expect(heard.map(({ version, reason }) => [version, reason])).toEqual([
    ['1.1', '1.1 was not healthy'],
    ['1.2', '1.2 was not healthy'],
  ]);
  await until(() => reporter.counts.pending === 0);
  expect(reporter.counts).toEqual({ pending: 0, accepted: 2, failures: 3 });
  expect(problems).toEqual(['berth.report.url: the server answered 503; trying again']);
  await stop();
});

test('a report outlives the agent that could not send it, and is not told again once it was', async () => {
  const port = (server.address() as AddressInfo).port;
  await new Promise((resolve) => server.close(resolve));
  const first = await agent();
  await first.records.add(rejection('1.1'));
  await until(() => first.reporter.counts.failures > 2);
  await first.stop();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const second = await agent();
  await until(() => second.reporter.counts.accepted === 1);
  await second.stop();
  const third = await agent();
  for (let turns = 0; turns < 50; turns += 1) await turn();
  await third.stop();
  expect(heard.map(({ version }) => version)).toEqual(['1.1']);
});

test('it waits for a network, and for a URL', async () => {
  const online = Promise.withResolvers<undefined>();
  const declared: { url?: string } = {};
  const { records, reporter, stop } = await agent(() => declared.url, online.promise);
  await records.add(rejection('1.1'));
  for (let turns = 0; turns < 50; turns += 1) await turn();
  declared.url = url;
  for (let turns = 0; turns < 50; turns += 1) await turn();
  expect(heard).toEqual([]);
  expect(reporter.counts.pending).toBe(1);
  online.resolve(undefined);
  await until(() => heard.length === 1);
  await stop();
});

test('a torn file costs a repetition, not a report', async () => {
  const first = await agent();
  await first.records.add(rejection('1.1'));
  await until(() => first.reporter.counts.accepted === 1);
  await first.stop();
  const file = join(directory, 'release-reports.json');
  await writeFile(file, (await readFile(file)).subarray(0, 20));
  const second = await agent();
  await until(() => second.reporter.counts.accepted === 1);
  await second.stop();
  expect(heard).toHaveLength(2);
});
