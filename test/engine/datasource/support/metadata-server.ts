import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Answer, Asked, Platform } from './platforms.ts';

/** How a service behaves besides being the platform's. */
export interface Mood {
  /** So many of the first questions are answered with this status. */
  readonly failures?: { readonly count: number; readonly status: number };
  /** Time before each answer. */
  readonly delayMs?: number;
  /** There is no user's config. */
  readonly isWithoutUserData?: boolean;
  /** This document is so long. */
  readonly long?: { readonly path: string; readonly bytes: number };
  /** All questions are answered with a redirection to there. */
  readonly redirection?: string;
  /** So many of the first tokens are not good. */
  readonly forgottenTokens?: number;
}

/** One platform's service. */
export class MetadataServer {
  readonly asked: Asked[] = [];
  /** What it has and refuses, from now on. */
  platform: Platform;
  readonly #mood: Mood;
  readonly #servers: Server[] = [];
  #token: string | undefined;
  #tokens = 0;

  constructor(platform: Platform, mood: Mood = {}) {
    this.platform = platform;
    this.#mood = mood;
  }

  /** @param port 0: any. @returns the last one's. */
  async listen(addresses: readonly string[], port = 80): Promise<number> {
    let last = port;
    for (const host of addresses) {
      const server = createServer((request, response) => void this.#serve(request, response));
      this.#servers.push(server);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, resolve);
      });
      last = (server.address() as AddressInfo).port;
    }
    return last;
  }

  async close(): Promise<void> {
    for (const server of this.#servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = await questionOf(request);
    this.asked.push(asked);
    const { delayMs = 0, redirection, failures } = this.#mood;
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (redirection !== undefined) response.writeHead(302, { location: redirection }).end();
    else if (failures !== undefined && this.asked.length <= failures.count) response.writeHead(failures.status).end();
    else {
      const { status, body } = this.#answer(asked);
      response.writeHead(status).end(body);
    }
  }

  #answer(asked: Asked): Answer {
    const { token, refuse, documents, userData } = this.platform;
    const { long, isWithoutUserData } = this.#mood;
    const refusal = refuse?.(asked, this.#token);
    if (refusal !== undefined) return refusal;
    if (token !== undefined) {
      if (asked.method === 'PUT' && asked.url === token.path) return this.#giveToken(asked);
      if (asked.headers[token.header] === undefined || asked.headers[token.header] !== this.#token)
        return { status: 401 };
    }
    if (asked.method !== 'GET') return { status: 405 };
    if (long?.path === asked.url) return { status: 200, body: 'x'.repeat(long.bytes) };
    const body = isWithoutUserData === true && asked.url === userData ? undefined : documents[asked.url];
    return body === undefined ? { status: 404 } : { status: 200, body };
  }

  #giveToken({ headers }: Asked): Answer {
    const { lifetime = '', longest = 0 } = this.platform.token ?? {};
    const seconds = Number(headers[lifetime]);
    if (!(seconds >= 1 && seconds <= longest)) return { status: 400 };
    this.#tokens += 1;
    const given = `token-${this.#tokens}`;
    this.#token = this.#tokens <= (this.#mood.forgottenTokens ?? 0) ? 'another' : given;
    return { status: 200, body: given };
  }
}

async function questionOf(request: IncomingMessage): Promise<Asked> {
  let body = '';
  for await (const part of request) body += String(part);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join() : value]),
  );
  const { method = '', url = '', socket } = request;
  return { method, url, headers, body, remotePort: socket.remotePort ?? 0 };
}
