import { Agent, type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';

/** JSON over HTTP on a unix socket, with connections kept open: no more than the plain thing, so that it can be a yardstick. */
export class UnixHttp {
  readonly #socketPath: string;
  readonly #agent: Agent;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 64 });
  }

  /** @returns the parsed body; undefined when it is empty. Throws when the status is 400 or more. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await this.#send(method, path, body);
    const text = await readAll(response);
    if ((response.statusCode ?? 500) >= 400) throw new Error(`${method} ${path}: ${response.statusCode} ${text}`);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }

  /** Calls back for every line of a streamed answer, until it ends or `onLine` returns true. */
  async stream(method: string, path: string, body: unknown, onLine: (line: string) => boolean): Promise<void> {
    // A connection of its own: a kept one may be closed by the other side just as it is taken again.
    const response = await this.#send(method, path, body, false);
    if ((response.statusCode ?? 500) >= 400)
      throw new Error(`${method} ${path}: ${response.statusCode} ${await readAll(response)}`);
    for await (const line of createInterface({ input: response })) {
      if (line !== '' && onLine(line)) break;
    }
    response.destroy();
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send(
    method: string,
    path: string,
    body: unknown,
    agent: Agent | false = this.#agent,
  ): Promise<IncomingMessage> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          socketPath: this.#socketPath,
          agent,
          method,
          path,
          headers:
            payload === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) },
        },
        resolve,
      );
      sent.on('error', reject);
      sent.end(payload);
    });
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
