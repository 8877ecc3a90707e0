import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type {
  AgentEvent,
  AgentService,
  ApplyOptions,
  ApplyRequest,
  ConfigText,
  DebugOptions,
  LedgerQuery,
  LogLine,
  Operator,
  RoundReport,
  ServiceGraph,
  ServiceLogOptions,
  ServiceWish,
  SessionIo,
} from '../agent/agent-service.ts';
import type { ApplyEvent, Generation, HostStatus, LedgerEntry, PlanReport, WhyReport } from '../agent/model.ts';
import type { OsService } from '../agent/os-service.ts';
import type { UpdateService } from '../agent/update-service.ts';
import { fromProblem, type ProblemDocument, problemType } from '../api/problem.ts';
import type { EffectiveKey } from '../config/user-data/explain.ts';
import { BerthError, isBerthError } from '../core/errors.ts';
import type { ExecOptions } from '../engine/container-engine.ts';
import { drain, jsonLines } from '../engine/docker-streams.ts';
import type { ServiceStatus } from '../services/status.ts';
import { OsClient } from './os-client.ts';
import type { Requests } from './requests.ts';
import { runSession } from './session.ts';
import { hostSocket } from './sockets.ts';
import { UpdateClient } from './update-client.ts';

/** Without it Node works out a name for TLS, also where there is none: 3 ms. */
const noServerName = { servername: '' };

/** The agent, seen through its socket. Errors come over as what they were: the same codes, messages and hints. */
export class AgentClient implements Omit<AgentService, 'metrics'> {
  readonly socketPath: string;
  readonly os: OsService;
  readonly updates: UpdateService;
  readonly #program: string;

  constructor(socketPath: string, program = 'berth') {
    this.socketPath = socketPath;
    this.#program = program;
    const ask: Requests = {
      get: async (path) => this.#get(path),
      post: async (path, body) => this.#post(path, body),
      stream: async (path, body, onLine, signal) => this.#stream('POST', path, body, onLine, signal),
    };
    this.os = new OsClient(ask);
    this.updates = new UpdateClient(ask);
  }

  async status(): Promise<HostStatus> {
    return this.#get('/v1/status');
  }

  async plan(request: ApplyRequest): Promise<PlanReport> {
    return this.#post('/v1/plan', request);
  }

  async apply(
    request: ApplyRequest,
    options: ApplyOptions,
    onEvent: (event: ApplyEvent) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#stream('POST', '/v1/apply', { request, ...options }, onEvent, signal);
  }

  async reconcile(): Promise<RoundReport> {
    return this.#post('/v1/reconcile', undefined);
  }

  async why(subject: string): Promise<WhyReport> {
    return this.#get(`/v1/why/${encodeURIComponent(subject)}`);
  }

  async ledger({ limit, subject, since }: LedgerQuery): Promise<readonly LedgerEntry[]> {
    return this.#get(`/v1/ledger${queryOf({ limit, subject, since: isoTime(since) })}`);
  }

  async configKeys(key?: string): Promise<readonly EffectiveKey[]> {
    return this.#get(`/v1/config${queryOf({ key })}`);
  }

  async generations(): Promise<readonly Generation[]> {
    return this.#get('/v1/generations');
  }

  async generationConfig(number: number): Promise<readonly ConfigText[]> {
    return this.#get(`/v1/generations/${number}/config`);
  }

  async services(): Promise<readonly ServiceStatus[]> {
    return this.#get('/v1/services');
  }

  async graph(): Promise<ServiceGraph> {
    return this.#get('/v1/graph');
  }

  async setServiceWish(name: string, wish: ServiceWish, operator: Operator): Promise<ServiceStatus> {
    return this.#post(`/v1/services/${encodeURIComponent(name)}/${wish}`, operator);
  }

  async logs(
    name: string,
    { follow, tail, since }: ServiceLogOptions,
    onLine: (line: LogLine) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const query = queryOf({ follow: follow ? 'true' : undefined, tail, since: isoTime(since) });
    await this.#stream('GET', `/v1/services/${encodeURIComponent(name)}/logs${query}`, undefined, onLine, signal);
  }

  async exec(name: string, options: ExecOptions, io: SessionIo, signal?: AbortSignal): Promise<number> {
    return this.#session(`/v1/services/${encodeURIComponent(name)}/exec`, options, io, signal);
  }

  async debug(name: string, options: DebugOptions, io: SessionIo, signal?: AbortSignal): Promise<number> {
    return this.#session(`/v1/services/${encodeURIComponent(name)}/debug`, options, io, signal);
  }

  async events(onEvent: (event: AgentEvent) => void, signal: AbortSignal): Promise<void> {
    await this.#stream('GET', '/v1/events', undefined, onEvent, signal);
  }

  async shutdown(operator: Operator): Promise<void> {
    await this.#post('/v1/shutdown', operator);
  }

  async #get<T>(path: string): Promise<T> {
    return this.#json<T>('GET', path, undefined);
  }

  async #post<T>(path: string, body: unknown): Promise<T> {
    return this.#json('POST', path, body);
  }

  async #json<T>(method: string, path: string, body: unknown): Promise<T> {
    const response = await this.#request(method, path, body);
    return JSON.parse(await readAll(response)) as T;
  }

  async #stream(
    method: string,
    path: string,
    body: unknown,
    onLine: (line: never) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const response = await this.#request(method, path, body, signal);
    try {
      const take = jsonLines((line) => {
        if (isErrorLine(line)) throw fromProblem(line.problem);
        onLine(line as never);
      });
      await drain(response, take);
    } catch (error) {
      if (signal?.aborted === true) return;
      // An answer that ends in its middle: the agent, or the way to it, is gone.
      throw response.complete || isBerthError(error) ? error : this.#lost(error);
    }
    if (!response.complete && signal?.aborted !== true) throw this.#lost();
  }

  async #session(
    path: string,
    options: ExecOptions | DebugOptions,
    io: SessionIo,
    signal?: AbortSignal,
  ): Promise<number> {
    const request = this.#open('GET', path, { Connection: 'Upgrade', Upgrade: 'berth-session' });
    request.end();
    const [socket, head] = await new Promise<[Socket, Buffer]>((resolve, reject) => {
      request.on('upgrade', (_response, upgraded: Socket, first: Buffer) => resolve([upgraded, first]));
      request.on('response', (response) => void this.#refusal(response).then(reject, reject));
      request.on('error', (error) => reject(this.#unreachable(error)));
    });
    return runSession(socket, head, options, io, signal);
  }

  async #request(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<IncomingMessage> {
    const request = this.#open(method, path, body === undefined ? {} : { 'Content-Type': 'application/json' }, signal);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request.on('response', resolve);
      request.on('error', (error) => reject(this.#unreachable(error)));
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
    if (response.statusCode !== 200) throw await this.#refusal(response);
    return response;
  }

  #open(method: string, path: string, headers: Record<string, string>, signal?: AbortSignal): ClientRequest {
    return httpRequest({
      socketPath: this.socketPath,
      method,
      path,
      headers,
      agent: false,
      ...noServerName,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async #refusal(response: IncomingMessage): Promise<Error> {
    const text = await readAll(response);
    if (response.headers['content-type'] === problemType) return fromProblem(JSON.parse(text) as ProblemDocument);
    return new Error(`what answers at ${this.socketPath} is not a Berth agent (HTTP ${response.statusCode ?? 0})`);
  }

  #unreachable(error: Error & { code?: string }): Error {
    switch (error.code) {
      case 'ENOENT':
      case 'ECONNREFUSED':
        return new BerthError('AGENT_UNREACHABLE', `the agent is not running: nothing answers at ${this.socketPath}`, {
          cause: error,
          retryable: true,
          hint:
            this.socketPath === hostSocket
              ? 'it comes up with this host, and again whenever it ends: try again in a moment; its log is /var/lib/berth/agent.log'
              : `start one with "${this.#program} up --local" (a harmless local instance), or name another socket with --socket`,
        });
      case 'EACCES':
        return new BerthError('AGENT_UNREACHABLE', `not allowed to open ${this.socketPath}`, {
          cause: error,
          hint: `run it as root: sudo ${this.#program} …`,
        });
      case 'ABORT_ERR':
        return new BerthError('CANCELLED', 'cancelled', { cause: error });
      default:
        return this.#lost(error);
    }
  }

  #lost(cause?: unknown): BerthError {
    return new BerthError('AGENT_UNREACHABLE', 'the connection to the agent broke', {
      cause,
      retryable: true,
      hint: `it may be restarting; what was declared stays declared: ${this.#program} status`,
    });
  }
}

function isErrorLine(line: unknown): line is { kind: 'error'; problem: ProblemDocument } {
  return typeof line === 'object' && line !== null && 'kind' in line && line.kind === 'error' && 'problem' in line;
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) text += String(chunk);
  return text;
}

function isoTime(moment: number | undefined): string | undefined {
  return moment === undefined ? undefined : new Date(moment).toISOString();
}

function queryOf(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  if (given.length === 0) return '';
  return `?${given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&')}`;
}
