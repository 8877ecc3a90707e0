import { Agent, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { inspect } from 'node:util';
import Docker from 'dockerode';
import { BerthError } from '../core/errors.ts';
import type { ApiVersion } from './docker-api.ts';
import { connectionError, refusal } from './docker-errors.ts';

/** One call of the engine's HTTP API. */
export interface EngineRequest {
  /** For error messages: "create container web". */
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Without the version, segments already escaped. */
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: object;
  /** Sent as it comes instead of a body. */
  readonly file?: NodeJS.ReadableStream;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Error statuses that mean "nothing to do". */
  readonly accept?: readonly number[];
  /** What an error status means here; default: {@link refusal}. */
  readonly onRefusal?: (status: number, said: string) => BerthError;
}

/** The newest API version whose meaning we know: Docker 26.1. */
const newestApi: readonly [number, number] = [1, 45];
/** Docker 20.10. */
const oldestApi: readonly [number, number] = [1, 41];

/** dockerode shall hand over every answer with its status: we have our own table of meanings. */
const everyStatus = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [String(index + 100), true as const]));

/**
 * docker-modem formats each request's options, agent and sockets included, for a debug line that is hardly ever printed:
 * 5 ms of CPU a request with a pool of sockets. A short text for the agent makes that free.
 */
class QuietAgent extends Agent {
  [inspect.custom](): string {
    return 'Agent';
  }
}

/** dockerode over a pool of kept-alive connections, with the API version negotiated at the first call. */
export class DockerConnection {
  readonly socketPath: string;
  readonly #agent = new QuietAgent({ keepAlive: true, maxFreeSockets: 16, scheduling: 'lifo' });
  readonly #docker: Docker;
  #version: Promise<ApiVersion> | undefined;
  #prefix = '';

  constructor(socketPath: string) {
    this.socketPath = socketPath;
    // docker-modem takes the agent; the type declarations do not know it.
    const options: Docker.DockerOptions & { readonly agent: Agent } = { socketPath, agent: this.#agent };
    this.#docker = new Docker(options);
  }

  /** Asks once; asks again after the engine was away, as it may have come back as another version. */
  version(signal?: AbortSignal): Promise<ApiVersion> {
    if (this.#version === undefined) this.#prefix = '';
    this.#version ??= this.#negotiate(signal).catch((error: unknown) => {
      this.#version = undefined;
      throw error;
    });
    return this.#version;
  }

  /** The minor version of the negotiated API: 45 for 1.45. */
  async apiMinor(signal?: AbortSignal): Promise<number> {
    return parseApi((await this.version(signal)).ApiVersion)[1];
  }

  /** @returns the answer's JSON; undefined when it is empty or has an accepted error status. */
  async json<T>(request: EngineRequest): Promise<T | undefined> {
    const answer = await this.stream(request);
    const text = await this.#guard(request, () => readText(answer));
    if (request.accept?.includes(answer.statusCode ?? 0) === true || text === '') return undefined;
    return JSON.parse(text) as T;
  }

  /** As {@link json}, where an empty answer is a broken engine. */
  async object<T>(request: EngineRequest): Promise<T> {
    const answer = await this.json<T>(request);
    if (answer === undefined)
      throw new BerthError('ENGINE_REFUSED', `${request.what}: empty answer`, { retryable: true });
    return answer;
  }

  /** @returns the answer as it arrives. */
  async stream(request: EngineRequest): Promise<IncomingMessage> {
    await this.version(request.signal);
    return this.#answer(request);
  }

  /** @returns the connection itself, both ways, after the engine switched protocols. */
  async hijack(request: EngineRequest): Promise<Duplex> {
    await this.version(request.signal);
    const answer = await this.#guard(request, () => this.#dial<IncomingMessage | Duplex>(request, true));
    if (!(answer instanceof IncomingMessage)) return answer;
    throw await this.#refused(request, answer);
  }

  /** Closes idle connections. The object stays usable. */
  close(): void {
    this.#agent.destroy();
  }

  async #negotiate(signal?: AbortSignal): Promise<ApiVersion> {
    const request: EngineRequest = { what: 'ask the engine for its version', method: 'GET', path: '/version', signal };
    const answer = await this.#answer(request);
    const offered = JSON.parse(await this.#guard(request, () => readText(answer))) as ApiVersion;
    const newest = parseApi(offered.ApiVersion);
    const oldest = parseApi(offered.MinAPIVersion ?? '1.0');
    if (isOlder(newest, oldestApi) || isOlder(newestApi, oldest)) {
      throw new BerthError(
        'UNSUPPORTED',
        `Docker ${offered.Version} speaks API ${oldest.join('.')} to ${newest.join('.')}`,
        {
          hint: `Berth speaks ${oldestApi.join('.')} to ${newestApi.join('.')}`,
        },
      );
    }
    const chosen = (isOlder(newestApi, newest) ? newestApi : newest).join('.');
    this.#prefix = `/v${chosen}`;
    return { ...offered, ApiVersion: chosen };
  }

  async #answer(request: EngineRequest): Promise<IncomingMessage> {
    const answer = await this.#guard(request, () => this.#dial<IncomingMessage>(request, false));
    const status = answer.statusCode ?? 0;
    if (status < 400 || request.accept?.includes(status) === true) return answer;
    throw await this.#refused(request, answer);
  }

  async #refused(request: EngineRequest, answer: IncomingMessage): Promise<BerthError> {
    const said = messageIn(await this.#guard(request, () => readText(answer)));
    const status = answer.statusCode ?? 0;
    return request.onRefusal?.(status, said) ?? refusal(status, said, request.what);
  }

  async #guard<T>(request: EngineRequest, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const translated = connectionError(error, request.what, request.signal);
      if (translated.code === 'ENGINE_UNREACHABLE') this.#version = undefined;
      throw translated;
    }
  }

  #dial<T>(request: EngineRequest, hijack: boolean): Promise<T> {
    return new Promise((resolve, reject) => {
      if (request.signal?.aborted === true) {
        reject(new Error('aborted'));
        return;
      }
      this.#docker.modem.dial(
        {
          path: `${this.#prefix}${request.path}?`,
          method: request.method,
          options: { _query: request.query ?? {}, _body: request.body ?? {} },
          headers: { ...request.headers },
          statusCodes: everyStatus,
          isStream: true,
          hijack,
          ...(request.file === undefined ? {} : { file: request.file }),
          ...(request.signal === undefined ? {} : { abortSignal: request.signal }),
        },
        (error: unknown, answer: unknown) => {
          if (error === null || error === undefined) resolve(answer as T);
          else reject(error instanceof Error ? error : new Error('aborted', { cause: error }));
        },
      );
    });
  }
}

/** Escapes one segment of a path. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}

function readText(answer: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.once('end', () => resolve(Buffer.concat(chunks).toString()));
    answer.once('error', reject);
    answer.once('close', () => reject(new Error('aborted')));
  });
}

function messageIn(body: string): string {
  try {
    const parsed = JSON.parse(body) as { readonly message?: unknown };
    if (typeof parsed.message === 'string') return parsed.message.trim();
  } catch {
    // Not every error comes as JSON.
  }
  return body.trim();
}

function parseApi(text: string): readonly [number, number] {
  const [major, minor] = text.split('.').map(Number);
  return [major ?? 0, minor ?? 0];
}

function isOlder(left: readonly [number, number], right: readonly [number, number]): boolean {
  return left[0] < right[0] || (left[0] === right[0] && left[1] < right[1]);
}
