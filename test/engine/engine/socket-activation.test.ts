import { mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DockerEngine } from '../../../src/engine/docker.ts';
import { plainContainer } from '../../../src/engine/plain-container.ts';
import { SocketActivation } from '../../../src/engine/socket-activation.ts';
import { sharedEngine } from '../support/shared-engines.ts';
import { testImage } from '../support/test-image.ts';

const rig = sharedEngine('26.1');
let directory: string;
let used: string[];
let isComing: boolean;
let activation: SocketActivation;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-activation-'));
  used = [];
  isComing = true;
  activation = new SocketActivation({
    sockets: [join(directory, 'docker.sock')],
    target: join(directory, 'target.sock'),
    groupId: 0,
    onUse: (socket) => {
      used.push(socket);
      return isComing;
    },
  });
  await activation.offer();
});

afterEach(async () => {
  await activation.end();
  await rm(directory, { recursive: true });
});

const socket = () => join(directory, 'docker.sock');

test('who asks early waits for the engine, and can do everything then', async () => {
  expect((await stat(socket())).mode & 0o777).toBe(0o660);
  const client = DockerEngine.connect(socket());
  const early = Promise.all([client.info(), client.listImages()]);
  await expect(Promise.race([early, new Promise((late) => setTimeout(late, 300, 'waits'))])).resolves.toBe('waits');
  await symlink(rig.socket, join(directory, 'target.sock'));
  const [{ version }] = await early;
  expect(version).toMatch(/^26\.1/);
  expect(new Set(used)).toEqual(new Set([socket()]));

  // A session that takes the connection over, with input that ends before the output does.
  const sleep = plainContainer(await testImage(client), { command: ['sleep', '1000'] });
  const id = await client.createContainer('activated', sleep);
  await client.startContainer(id);
  const stdin = new PassThrough();
  stdin.end('typed');
  let output = '';
  const onOutput = (_stream: string, chunk: Buffer) => void (output += chunk.toString());
  const exec = { command: ['cat'], tty: false, stdin: true };
  expect(await client.exec(id, exec, { stdin, onOutput })).toBe(0);
  expect(output).toBe('typed');
  await client.removeContainer(id);
  client.close();
});

test('who asks for an engine that must not run is sent away at once', async () => {
  isComing = false;
  const client = DockerEngine.connect(socket());
  await expect(client.info()).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE' });
  client.close();
});

test('the engine’s own socket in its place stays when nothing is offered any more', async () => {
  const server = createServer();
  await rm(socket());
  await new Promise<void>((resolve) => void server.listen(socket(), resolve));
  activation.withdraw();
  await new Promise((later) => setTimeout(later, 50));
  expect((await stat(socket())).isSocket()).toBe(true);
  server.close();
});
