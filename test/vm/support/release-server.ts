import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

/** A server of static files on this machine's loopback, with range requests, as any web server is one. */
export class ReleaseServer {
  readonly port: number;
  /** Paths that were asked for, in order. */
  readonly requests: readonly string[];
  readonly #server: Server;

  private constructor(server: Server, requests: readonly string[]) {
    this.#server = server;
    this.requests = requests;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(directory: string): Promise<ReleaseServer> {
    const requests: string[] = [];
    const server = createServer((request, response) => {
      const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://host').pathname));
      requests.push(path);
      const file = join(directory, path);
      void stat(file).then(
        ({ size }) => {
          const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
          const [start, end] = from === undefined ? [0, size - 1] : [Number(from), Math.min(Number(to), size - 1)];
          response.writeHead(from === undefined ? 200 : 206, {
            'content-length': end - start + 1,
            ...(from === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${size}` }),
          });
          createReadStream(file, { start, end }).pipe(response);
        },
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ReleaseServer(server, requests);
  }

  /** As a virtual machine with user networking reaches it. */
  get guestUrl(): string {
    return `http://10.0.2.2:${this.port}`;
  }

  /** After `stop`: at the same port. */
  async listenAgain(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.port, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
