import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { BootReport } from '../../../src/agent/boot-report.ts';
import type { ReleaseReport } from '../../../src/agent/release-report.ts';

/** Hears what hosts report, on this machine's loopback. */
export class ReportServer {
  /** In the order in which they came. */
  readonly bodies: readonly (BootReport | ReleaseReport)[];
  readonly #server: Server;

  private constructor(server: Server, bodies: readonly (BootReport | ReleaseReport)[]) {
    this.#server = server;
    this.bodies = bodies;
  }

  static async start(): Promise<ReportServer> {
    const bodies: (BootReport | ReleaseReport)[] = [];
    const server = createServer((request, response) => {
      void json(request).then((body) => {
        bodies.push(body as BootReport | ReleaseReport);
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ReportServer(server, bodies);
  }

  /** As a virtual machine with user networking reaches it. */
  get guestUrl(): string {
    return `http://10.0.2.2:${(this.#server.address() as AddressInfo).port}/`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
