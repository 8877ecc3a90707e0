import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { completeTexts } from '../../../src/agent/complete-texts.ts';
import { resolveSeed } from '../../../src/agent/resolve-seed.ts';
import { placeTexts, userTexts } from '../../../src/agent/seed-texts.ts';
import { systemClock } from '../../../src/agent/system-clock.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import type { DatasourceResult } from '../../../src/datasource/datasource.ts';

let directory: string;
let server: Server;
let address: string;
/** Paths that were asked for, in order. */
let asked: string[];
/** Answers with 503 until this many questions were asked. */
let refusals: number;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-resolve-'));
  asked = [];
  refusals = 0;
  const documents: Readonly<Record<string, string | Uint8Array>> = {
    '/once': '#cloud-config\nhostname: once\n',
    '/packed': gzipSync('#!/bin/sh\necho packed\n'),
    '/template': '## template: jinja\n#cloud-config\nfqdn: {{ v1.local_hostname }}.example.org\n',
    '/list': '#include\n/not-a-url\n',
    '/config.ign': '{"ignition": {"version": "3.4.0"}, "storage": {"files": [{"path": "/etc/from-server"}]}}',
  };
  server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    if (asked.length <= refusals) response.writeHead(503).end();
    else if (documents[path] === undefined) response.writeHead(404).end();
    else response.end(documents[path]);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.close();
  await rm(directory, { recursive: true });
});

const seed = (userData: string, more: Partial<DatasourceResult> = {}): DatasourceResult => ({
  ...{ id: 'nocloud', origin: 'disk', instanceId: 'i-1', digest: '', diagnostics: [] },
  metaData: { hostname: 'platform', publicKeys: [], raw: {} },
  userData: Buffer.from(userData),
  ...more,
});

const resolve = async (result: DatasourceResult): Promise<DatasourceResult> =>
  resolveSeed(result, {
    ...{ clock: systemClock, random: () => 0, say: () => undefined, signal: new AbortController().signal },
    includesFile: join(directory, 'includes.json'),
  });

test('a config of URLs and templates is read as one, what is included once is asked for once an instance', async () => {
  refusals = 1;
  const text = `#include-once\n${address}/once\n#include\n${address}/packed\n${address}/template\n`;
  const result = await resolve(seed(text));
  const { config, diagnostics } = parseConfig([...placeTexts(result), ...userTexts(result)]);
  expect([config.hostname, config.fqdn]).toEqual(['once', 'platform.example.org']);
  expect(config.commands?.scripts.map(({ contentBase64 }) => Buffer.from(contentBase64, 'base64').toString())).toEqual([
    '#!/bin/sh\necho packed\n',
  ]);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  // The first answer was none; it was asked for again.
  expect(asked).toEqual(['/once', '/once', '/packed', '/template']);
  asked.length = 0;
  refusals = 0;
  expect(await resolve(seed(text))).toEqual(result);
  expect(asked).toEqual(['/packed', '/template']);
  await resolve(seed(text, { instanceId: 'i-2' }));
  expect(asked.filter((path) => path === '/once')).toHaveLength(1);
  expect(await readFile(join(directory, 'includes.json'), 'utf8')).toContain('"instance":"i-2"');
});

test("what of the user's cannot be had makes the whole incomplete; of the vendor's it is left out", async () => {
  const missing = `#include\n${address}/none\n${address}/list\n`;
  await expect(resolve(seed(missing))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    details: {
      diagnostics: [
        { line: 2, message: `there is no document at ${address}/none` },
        { line: 2, message: '/not-a-url is not an http or https URL' },
      ],
    },
  });
  const result = await resolve(seed('#cloud-config\nhostname: a\n', { vendorData: Buffer.from(missing) }));
  expect(parseConfig([...placeTexts(result), ...userTexts(result)]).config.hostname).toBe('a');
  expect(result.diagnostics).toHaveLength(2);
});

const butane = (path: string): string =>
  `variant: flatcar\nversion: 1.1.0\nignition:\n  config:\n    merge:\n      - source: ${address}${path}\nstorage:\n  files: [{path: /etc/own}]\n`;

test('Butane’s configs on servers are taken in, and the text stays Butane', async () => {
  refusals = 1;
  const result = await resolve(seed(butane('/config.ign')));
  const { config, diagnostics } = parseConfig(userTexts(result));
  expect(diagnostics).toEqual([]);
  expect(config.files.map(({ path }) => path)).toEqual(['/etc/own', '/etc/from-server']);
  expect(Buffer.from(result.userData ?? '').toString()).toMatch(
    /^variant: flatcar\n[^]*\n {2}files: \[\{path: \/etc\/own\}\]\n$/,
  );
  expect(asked).toEqual(['/config.ign', '/config.ign']);
});

test('so they are when a config is applied by hand; what cannot be had is told, after a while', async () => {
  const options = { clock: systemClock, random: () => 0, patienceMs: 300 };
  const complete = async (text: string) =>
    await completeTexts([{ file: 'a.bu', text }], options, new AbortController().signal);
  expect(parseConfig(await complete(butane('/config.ign'))).config.files).toHaveLength(2);
  await expect(complete(butane('/none'))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  refusals = 1000;
  await expect(complete(butane('/config.ign'))).rejects.toMatchObject({
    code: 'DATASOURCE_UNREACHABLE',
    message: `what a.bu refers to cannot be had: ${address}/config.ign: the server answered 503; nothing was changed`,
  });
  asked.length = 0;
  await complete('#cloud-config\nhostname: a\n');
  expect(asked).toEqual([]);
});
