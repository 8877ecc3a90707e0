import { chmod, chown, mkdir, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface SocketActivationOptions {
  /** Unix sockets on which the engine listens when it runs; absolute. */
  readonly sockets: readonly string[];
  /** One more socket of the engine, which is never offered: where it answers, it runs. */
  readonly target: string;
  /** Group that may use the sockets. */
  readonly groupId: number;
  /** Somebody connected to a socket that was offered. @returns false when the engine will not come. */
  readonly onUse: (socket: string) => boolean;
}

/** How long somebody waits for the engine: longer than one takes to start on a slow machine. */
const patienceMs = 120_000;
const retryMs = 100;

/**
 * The sockets of an engine that does not run: who connects waits until it does, and is then connected to it. The engine puts
 * its own sockets in their place when it starts; what was connected before goes on.
 */
export class SocketActivation {
  readonly #options: SocketActivationOptions;
  readonly #clients = new Set<Socket>();
  #servers: Server[] = [];

  constructor(options: SocketActivationOptions) {
    this.#options = options;
  }

  /** Listens on all sockets, in the place of whatever is there. Throws what the file system says. Safe to repeat. */
  async offer(): Promise<void> {
    if (this.#servers.length > 0) return;
    for (const socket of this.#options.sockets) this.#servers.push(await this.#listen(socket));
  }

  /** Offers nothing more. Who waits goes on waiting. */
  withdraw(): void {
    for (const server of this.#servers) server.close();
    this.#servers = [];
  }

  /** {@link withdraw}, removes what was offered, and sends everybody away. */
  async end(): Promise<void> {
    const isOffered = this.#servers.length > 0;
    this.withdraw();
    for (const client of this.#clients) client.destroy();
    if (isOffered) for (const socket of this.#options.sockets) await rm(socket, { force: true });
  }

  async #listen(socket: string): Promise<Server> {
    await mkdir(dirname(socket), { recursive: true });
    // Node removes the name that it listened on when it stops; by then, the socket's own name is the engine's.
    const ours = `${socket}.offered`;
    await rm(ours, { force: true });
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
      if (this.#options.onUse(socket)) void this.#serve(client);
      else client.destroy();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(ours, resolve);
    });
    // A connection that cannot be taken is its client's trouble.
    server.on('error', () => undefined);
    await chown(ours, 0, this.#options.groupId);
    await chmod(ours, 0o660);
    await rename(ours, socket);
    return server;
  }

  async #serve(client: Socket): Promise<void> {
    this.#clients.add(client);
    client.once('close', () => this.#clients.delete(client));
    client.on('error', () => client.destroy());
    const engine = await this.#connect(client);
    if (engine === undefined) {
      client.destroy();
      return;
    }
    engine.on('error', () => client.destroy());
    client.once('close', () => engine.destroy());
    client.pipe(engine).pipe(client);
  }

  /** Tries until the engine takes a connection; undefined when the client is gone or its patience at an end. */
  async #connect(client: Socket): Promise<Socket | undefined> {
    const deadline = performance.now() + patienceMs;
    while (!client.destroyed && performance.now() < deadline) {
      const engine = await connectTo(this.#options.target);
      if (engine !== undefined) return engine;
      await sleep(retryMs);
    }
    return undefined;
  }
}

/** Undefined when nobody takes the connection. */
function connectTo(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path, allowHalfOpen: true });
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}
