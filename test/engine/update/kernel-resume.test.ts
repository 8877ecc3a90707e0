import { spawn } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const mebibyte = 2 ** 20;
/** As much as a kernel image has. */
const image = randomFillSync(Buffer.alloc(18 * mebibyte + 12_345));
const sha256 = createHash('sha256').update(image).digest('hex');

let directory: string;
let server: Server;
/** Bytes that were sent. */
let sent: number;
/** What happens once so many were sent. */
let at: { readonly bytes: number; readonly act: () => void } | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-kernel-'));
  sent = 0;
  server = createServer((request, response) => {
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const end = image.length - 1;
    response.writeHead(from === 0 ? 200 : 206, {
      'content-length': image.length - from,
      ...(from === 0 ? {} : { 'content-range': `bytes ${from}-${end}/${image.length}` }),
    });
    let position = from;
    // As a network does, so that little is on its way in the sockets' buffers when the process is killed.
    const send = (): void => {
      if (response.destroyed || position >= image.length) {
        response.end();
        return;
      }
      const piece = image.subarray(position, position + 128 * 1024);
      position += piece.length;
      sent += piece.length;
      if (at !== undefined && sent >= at.bytes) {
        at.act();
        at = undefined;
      }
      response.write(piece, () => setTimeout(send, 5));
    };
    send();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});

/** @param killAfter bytes after which it is killed; absent: never. @returns what it says. */
async function fetchIt(killAfter?: number): Promise<{ readonly output: string; readonly signal: string | null }> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const program = join(import.meta.dirname, '../../support/kills/kernel-child.ts');
  const child = spawn(process.execPath, [program, url, join(directory, 'part'), sha256, String(image.length)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  if (killAfter !== undefined) at = { bytes: sent + killAfter, act: () => child.kill('SIGKILL') };
  let output = '';
  child.stdout.on('data', (part: Buffer) => (output += part.toString()));
  const signal = await new Promise<string | null>((resolve) => child.once('close', (_, its) => resolve(its)));
  return { output, signal };
}

test('a kernel image whose fetching is killed three times is fetched once, and at most 4 MiB of it again each time', async () => {
  for (const killAfter of [3 * mebibyte, 7 * mebibyte, 5 * mebibyte])
    expect(await fetchIt(killAfter)).toEqual({ output: '', signal: 'SIGKILL' });
  expect(await fetchIt()).toEqual({ output: sha256, signal: null });
  expect(sent - image.length).toBeLessThanOrEqual(3 * 4 * mebibyte);
  process.stderr.write(`kernel image: ${sent - image.length} bytes were sent twice in three kills\n`);
  // What is there whole is not asked for again.
  const before = sent;
  expect((await fetchIt()).output).toBe(sha256);
  expect(sent).toBe(before);
});
