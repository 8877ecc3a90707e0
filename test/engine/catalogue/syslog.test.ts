import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type PrivateEngine, privateEngine } from '../support/private-engine.ts';
import { contextOf, freePort, loadSystemImage, type SystemContainer, startSystemContainer, until } from './support.ts';

describe('syslog', () => {
  let rig: PrivateEngine;
  let syslog: SystemContainer;
  let target: Server;
  let forwarded = '';
  let other: Socket;
  let received = '';
  let port = 0;
  let forwardPort = 0;

  beforeAll(async () => {
    rig = await privateEngine({ version: '26.1', role: 'system', name: 'syslog' });
    await loadSystemImage(rig, 'busybox');
    [port, forwardPort] = [await freePort(), await freePort()];
    target = createServer((socket) => socket.on('data', (chunk) => (forwarded += chunk.toString())));
    other = createSocket('udp4', (message) => (received += message.toString())).bind(0, '127.0.0.1');
    await once(other, 'listening');
    const targets = `tcp://127.0.0.1:${forwardPort} udp://127.0.0.1:${other.address().port}`;
    syslog = await startSystemContainer(rig, 'syslog', {
      context: contextOf(rig, 'local'),
      adjust: { environment: { SYSLOG_PORT: String(port), SYSLOG_FORWARD: targets } },
    });
    await syslog.healthy();
  });
  afterAll(async () => {
    target.close();
    other.close();
    await rig.stop();
  });

  test('collects what another service writes, and forwards it to every target once that is there', async () => {
    const id = await rig.engine.createContainer('web', {
      ...(await import('./plain-container.ts')).plainContainer,
      command: ['echo', 'a message of the web service'],
      logging: { driver: 'syslog', options: { 'syslog-address': `udp://127.0.0.1:${port}`, tag: '{{.Name}}' } },
    });
    await rig.engine.startContainer(id);
    const collected = async () => (await syslog.exec(['cat', '/var/log/services/services.log'])).output;
    await until('the message is collected', async () => (await collected()).includes('web'));
    expect(await collected()).toMatch(/ web info: a message of the web service\n/);
    await new Promise<void>((resolve) => target.listen(forwardPort, '127.0.0.1', resolve));
    await until('the message is forwarded', async () => forwarded.includes('a message of the web service'));
    expect(forwarded).toMatch(/^<\d+>1 .* web .*a message of the web service/m);
    await until('the message is sent to the other target', async () =>
      received.includes('a message of the web service'),
    );
    expect(forwarded + received).not.toContain('berth-health');
  });
});
