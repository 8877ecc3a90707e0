import { isObjectUrl } from '../../config/object-url.ts';
import type { HttpFetcher } from '../http-fetcher.ts';
import type { HttpWay } from '../http-way.ts';
import type { Fetcher } from '../seed-ports.ts';
import type { ObjectStores } from './object-stores.ts';

/** Whatever Ignition's sources name: documents over HTTP and HTTPS, and objects in object stores. */
export class SourceFetcher implements Fetcher {
  readonly #http: HttpFetcher;
  readonly #stores: ObjectStores;

  constructor(http: HttpFetcher, stores: ObjectStores) {
    this.#http = http;
    this.#stores = stores;
  }

  async get(
    url: string,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
    way: HttpWay = {},
  ): Promise<Uint8Array | undefined> {
    if (!isObjectUrl(url)) return await this.#http.get(url, signal, headers, way);
    return await this.#http.getBy(url, async () => await this.#stores.request(url, way, signal), signal);
  }
}
