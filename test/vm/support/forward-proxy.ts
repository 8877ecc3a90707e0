import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** An HTTP proxy on this machine's loopback that leads known names to ports of it, and nowhere else. */
export class ForwardProxy {
  readonly port: number;
  /** What was asked for, `HOST:PORT` or a URL, in order. */
  readonly connections: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, targets: Readonly<Record<string, number>>) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => this.#keep(socket));
    server.on('connect', ({ url = '' }, client: Socket, head) => {
      this.connections.push(url);
      const target = targets[url];
      if (target === undefined) {
        client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
        return;
      }
      const upstream = connect(target, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.write(head);
        upstream.pipe(client).pipe(upstream);
      });
      this.#keep(upstream);
    });
    server.on('request', ({ url = '' }, response) => {
      this.connections.push(url);
      response.writeHead(403).end();
    });
  }

  /** @param targets `HOST:PORT` as it is asked for → a port of this machine. */
  static async start(targets: Readonly<Record<string, number>>): Promise<ForwardProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ForwardProxy(server, targets);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A connection that is cut off is the client's to notice. */
  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
