import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Asked } from './platforms.ts';

const goalState = `<?xml version="1.0" encoding="utf-8"?>
<GoalState xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="goalstate10.xsd">
  <Version>2012-11-30</Version>
  <Incarnation>2</Incarnation>
  <Machine><ExpectedState>Started</ExpectedState></Machine>
  <Container>
    <ContainerId>c-1</ContainerId>
    <RoleInstanceList><RoleInstance><InstanceId>r-1.web1</InstanceId><State>Started</State></RoleInstance></RoleInstanceList>
  </Container>
</GoalState>
`;

/** Azure's fabric (wireserver): it wants its protocol's version with each question, and XML with each report. */
export class FabricServer {
  readonly asked: Asked[] = [];
  readonly #statuses: readonly number[];
  readonly #server: Server;

  /** @param statuses what reports are answered with, the last for ever. */
  constructor(statuses: readonly number[]) {
    this.#statuses = statuses;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** @param port 0: any. @returns it. */
  async listen(address: string, port = 80): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, address, resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    if (!this.#server.listening) return;
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    let body = '';
    for await (const part of request) body += String(part);
    if (headers['x-ms-version'] !== '2012-11-30') response.writeHead(400).end();
    else if (method === 'GET' && url === '/machine/?comp=goalstate') response.end(goalState);
    else if (method === 'POST' && url === '/machine?comp=health' && /^text\/xml/.test(headers['content-type'] ?? '')) {
      const reports = this.asked.push({ method, url, headers: {}, body, remotePort: 0 });
      response.writeHead(this.#statuses[Math.min(reports, this.#statuses.length) - 1] ?? 500).end();
    } else response.writeHead(404).end();
  }
}
