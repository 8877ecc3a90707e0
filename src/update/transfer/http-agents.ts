import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { HttpAgents } from '../../datasource/http-request.ts';

/** Proxies by the names of the environment's variables. */
export interface ProxySettings {
  readonly HTTP_PROXY?: string;
  readonly HTTPS_PROXY?: string;
  /** Hosts asked directly, with commas between them. */
  readonly NO_PROXY?: string;
}

/** More than there are requests at once. */
const mostSockets = 8;

/** Connections that are kept for the next request and go through the proxies; `destroy` of each ends them. */
export function keptConnections(proxy: ProxySettings): HttpAgents {
  const options = { keepAlive: true, maxSockets: mostSockets, proxyEnv: { ...proxy } };
  return { 'http:': new HttpAgent(options), 'https:': new HttpsAgent(options) };
}
