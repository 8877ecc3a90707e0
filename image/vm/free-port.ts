import { createServer } from 'node:net';

/** A TCP port of the loopback that nothing listens on right now. Another program may take it before you do. */
export async function freePort(): Promise<number> {
  return listenOnce(0);
}

/** The same port when it is free, else another. */
export async function keepPort(port: number): Promise<number> {
  return listenOnce(port).catch(async () => listenOnce(0));
}

async function listenOnce(port: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}
