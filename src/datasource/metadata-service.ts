import { BerthError } from '../core/errors.ts';
import { retriedStatus } from './http-fetcher.ts';
import { shownUrl } from './inline-seed.ts';
import { expandEndpoints } from './metadata-endpoints.ts';
import type { NetworkText, SeedDocuments } from './seed-documents.ts';
import type { MetadataAnswer, MetadataQuestion, MetadataServices } from './seed-ports.ts';

/** A document of a metadata service. */
export interface MetadataDocument {
  /** The first that is there counts: a service may have it at an older place only. */
  readonly paths: readonly string[];
  /** Absent: a service that is there has it, sooner or later. */
  readonly isOptional?: boolean;
  /** Only given to who asks from a port below 1024. */
  readonly isPrivileged?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A token that is asked for first, and shown with each question. */
export interface TokenRule {
  readonly path: string;
  /** What goes with the PUT: how long the token shall be good. */
  readonly headers: Readonly<Record<string, string>>;
  /** The header that shows it. */
  readonly header: string;
  /** Older services of the kind know no tokens. */
  readonly isOptional?: boolean;
}

/** How a metadata service is asked. Plain data and pure functions. */
export interface MetadataService {
  /** Roots without a slash at their end; see {@link expandEndpoints}. All are asked, the first that answers counts. */
  readonly endpoints: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** How to get there; absent: DHCP, or what IPv6 gives by itself. */
  readonly network?: NetworkText;
  readonly token?: TokenRule;
  /** By the name under which they are parsed. The first tells whether the service is there. */
  readonly documents: Readonly<Record<string, MetadataDocument>>;
  /** Further documents, which the first ones name. */
  readonly follow?: (found: SeedDocuments) => Readonly<Record<string, MetadataDocument>>;
}

/**
 * Gets the documents of a service, once: every endpoint is asked at the same time. Throws DATASOURCE_UNREACHABLE when another
 * try may go better, DATASOURCE_UNREADABLE when the service refuses.
 */
export async function readMetadata(
  service: MetadataService,
  metadata: MetadataServices,
  signal: AbortSignal,
): Promise<SeedDocuments> {
  const endpoints = expandEndpoints(service.endpoints, await metadata.surroundings());
  if (endpoints.length === 0) throw unreachable('no network device is up');
  const [opening = ''] = Object.keys(service.documents);
  const losers = new AbortController();
  const until = AbortSignal.any([signal, losers.signal]);
  const attempts = endpoints.map(async (endpoint) => {
    const session = await Session.open(service, endpoint, metadata, until);
    return { session, first: await session.get(opening, service.documents[opening]) };
  });
  const { session, first } = await Promise.any(attempts).catch((error: unknown) => {
    signal.throwIfAborted();
    throw mostTelling((error as AggregateError).errors);
  });
  losers.abort();
  const found = new Map<string, Uint8Array>(first);
  const others = Object.entries(service.documents).slice(1);
  for (const document of others) add(found, await session.get(...document, signal));
  for (const document of Object.entries(service.follow?.(found) ?? {}))
    add(found, await session.get(...document, signal));
  return found;
}

function add(found: Map<string, Uint8Array>, documents: SeedDocuments): void {
  for (const [name, bytes] of documents) found.set(name, bytes);
}

/** A refusal says more than a failure, and that more than silence, which has a cause in the network. */
function mostTelling(errors: readonly unknown[]): unknown {
  const told = errors.filter((error) => error instanceof BerthError);
  return told.find(({ retryable }) => !retryable) ?? told.find(({ cause }) => cause === undefined) ?? errors[0];
}

/** One endpoint, and the token that it gave. */
class Session {
  readonly #endpoint: string;
  readonly #metadata: MetadataServices;
  readonly #signal: AbortSignal;
  #headers: Readonly<Record<string, string>>;

  private constructor(
    endpoint: string,
    headers: Readonly<Record<string, string>>,
    metadata: MetadataServices,
    signal: AbortSignal,
  ) {
    this.#endpoint = endpoint;
    this.#metadata = metadata;
    this.#signal = signal;
    this.#headers = headers;
  }

  static async open(
    service: MetadataService,
    endpoint: string,
    metadata: MetadataServices,
    signal: AbortSignal,
  ): Promise<Session> {
    const session = new Session(endpoint, service.headers ?? {}, metadata, signal);
    if (service.token !== undefined) await session.#takeToken(service.token);
    return session;
  }

  /** The document by its name, or nothing when there is none. */
  async get(name: string, document: MetadataDocument | undefined, signal = this.#signal): Promise<SeedDocuments> {
    const { paths = [], isOptional = false, isPrivileged = false, headers = {} } = document ?? {};
    const before = { method: 'GET', headers: { ...this.#headers, ...headers }, isPrivileged } as const;
    for (const [index, path] of paths.entries()) {
      const answer = await this.#ask({ ...before, url: `${this.#endpoint}${path}` }, signal);
      if (isGood(answer)) return answer.body.length === 0 ? new Map() : new Map([[name, answer.body]]);
      const isAbsent = answer.status === 404 || answer.status === 410;
      if (!isAbsent && index === paths.length - 1) throw refused(`${this.#endpoint}${path}`, answer.status);
    }
    if (isOptional) return new Map();
    throw unreachable(`${shownUrl(this.#endpoint)} has no ${name} yet`);
  }

  async #takeToken({ path, headers, header, isOptional = false }: TokenRule): Promise<void> {
    const url = `${this.#endpoint}${path}`;
    const answer = await this.#ask({ method: 'PUT', url, headers: { ...this.#headers, ...headers } }, this.#signal);
    if (!isGood(answer)) {
      if (isOptional && [404, 405, 501].includes(answer.status)) return;
      throw refused(url, answer.status);
    }
    const token = new TextDecoder().decode(answer.body).trim();
    if (!/^[\x21-\x7e]{1,4096}$/.test(token)) throw unreachable(`${shownUrl(url)} gave no token`);
    this.#headers = { ...this.#headers, [header]: token };
  }

  async #ask(question: MetadataQuestion, signal: AbortSignal): Promise<MetadataAnswer> {
    const answer = await this.#metadata.ask(question, signal);
    // A token may have ended: the next try takes another.
    if (answer.status === 401) throw unreachable(`${shownUrl(question.url)}: the service refused the token`);
    if (answer.status === 403) throw refused(question.url, answer.status);
    if (retriedStatus(answer.status))
      throw unreachable(`${shownUrl(question.url)}: the service answered ${answer.status}`);
    return answer;
  }
}

const isGood = ({ status }: MetadataAnswer): boolean => status >= 200 && status < 300;

function unreachable(what: string): BerthError {
  return new BerthError('DATASOURCE_UNREACHABLE', what, { retryable: true });
}

function refused(url: string, status: number): BerthError {
  const hint =
    status === 403
      ? 'the metadata service may be switched off for this machine'
      : 'this is not how the metadata service of this platform answers';
  return new BerthError('DATASOURCE_UNREADABLE', `${shownUrl(url)}: the service answered ${status}`, { hint });
}
