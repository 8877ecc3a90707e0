import { once } from 'node:events';
import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage, request as overHttp } from 'node:http';
import { Agent as HttpsAgent, request as overHttps } from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import { getCACertificates } from 'node:tls';
import { createBrotliDecompress, createUnzip } from 'node:zlib';
import type { HttpWay } from './http-way.ts';
import { splitCredentials } from './url-credentials.ts';

/** Who holds the connections, by a URL's protocol. */
export interface HttpAgents {
  readonly 'http:': HttpAgent;
  readonly 'https:': HttpsAgent;
}

export interface HttpQuestion {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Without it each request has a connection of its own: nothing is left open when the answer is there. */
  readonly agents?: HttpAgents;
  /** A redirection is the answer, and nobody else is asked. */
  readonly isFinal?: boolean;
  /** The address to connect to, where a URL cannot say it: one with a zone. */
  readonly address?: string;
  /** The port to ask from. */
  readonly localPort?: number;
  readonly way?: HttpWay;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Unpacked. To be read to its end or destroyed. */
  readonly body: Readable;
}

const longestChain = 10;
/** They say what is asked for, not who asks. */
const impersonal: ReadonlySet<string> = new Set(['accept-encoding', 'if-range', 'range']);
const redirections: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Asks over HTTP or HTTPS; a GET follows redirections. Not by `fetch`: that needs WebAssembly, which the host's agent, in V8's
 * lite mode, does not have. Rejects with the signal's reason, or with what the network said.
 */
export async function askHttp(url: string, question: HttpQuestion): Promise<HttpAnswer> {
  let current = new URL(url);
  let asked = question;
  for (let hops = 0; ; hops += 1) {
    const response = await askOnce(current, asked);
    const { statusCode: status = 0, headers } = response;
    const { location } = headers;
    const isFinal = question.isFinal === true || question.method !== 'GET';
    if (isFinal || !redirections.has(status) || location === undefined)
      return { status, headers, body: unpacked(response) };
    response.destroy();
    if (hops >= longestChain) throw new Error(`more than ${longestChain} redirections`);
    const next = new URL(location, current);
    if (!/^https?:$/.test(next.protocol)) throw new Error(`a redirection to ${next.protocol}`);
    // What was meant for one server is not another one's to read.
    if (next.origin !== current.origin) asked = { ...question, headers: impersonalOnly(question.headers) };
    current = next;
  }
}

function impersonalOnly(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => impersonal.has(name)));
}

async function askOnce(
  url: URL,
  { method, headers = {}, body, signal, agents, address: place, localPort, way = {} }: HttpQuestion,
): Promise<IncomingMessage> {
  signal.throwIfAborted();
  const { address, credentials } = splitCredentials(url.href);
  const send = url.protocol === 'https:' ? overHttps : overHttp;
  const holders = agents ?? agentsThrough(way.proxy);
  const request = send(address, {
    ...trustIn(way),
    method,
    headers: {
      ...credentials,
      ...(place === undefined ? {} : { host: url.host }),
      ...headers,
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    },
    signal,
    agent: holders?.[url.protocol === 'https:' ? 'https:' : 'http:'] ?? false,
    ...(place === undefined ? {} : { hostname: place }),
    ...(localPort === undefined ? {} : { localPort }),
  });
  // Once the answer has begun, its own stream tells of trouble; the request would have nobody to tell.
  request.on('error', () => undefined);
  request.end(body);
  try {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** Given certificates stand in the place of the usual ones. */
function trustIn({ authorities = [] }: HttpWay): { ca?: string[] } {
  return authorities.length === 0 ? {} : { ca: [...getCACertificates('default'), ...authorities] };
}

/** Through proxies each request has a connection of its own, too. */
function agentsThrough(proxy: HttpWay['proxy']): HttpAgents | undefined {
  if (proxy?.http === undefined && proxy?.https === undefined) return undefined;
  const { http, https, noProxy } = proxy;
  const proxyEnv = {
    ...(http === undefined ? {} : { HTTP_PROXY: http }),
    ...(https === undefined ? {} : { HTTPS_PROXY: https }),
    ...(noProxy.length === 0 ? {} : { NO_PROXY: noProxy.join(',') }),
  };
  return { 'http:': new HttpAgent({ proxyEnv }), 'https:': new HttpsAgent({ proxyEnv }) };
}

/** Some servers pack what nobody asked them to pack. */
function unpacked(response: IncomingMessage): Readable {
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (!['gzip', 'x-gzip', 'deflate', 'br'].includes(encoding)) return response;
  const unpacker = encoding === 'br' ? createBrotliDecompress() : createUnzip();
  // An error of either ends both, and whoever reads gets it.
  return pipeline(response, unpacker, () => undefined);
}
