import type { AgentService, SessionIo } from '../agent/agent-service.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { SessionOpen } from './frames.ts';
import type { JsonSchema } from './json-schema.ts';

/** What a handler gets of an HTTP request. */
export interface RouteRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

interface RouteBase {
  readonly method: 'get' | 'post';
  /** As OpenAPI writes it: `/v1/services/{name}`. */
  readonly path: string;
  readonly summary: string;
  readonly query?: Readonly<Record<string, JsonSchema>>;
  readonly body?: JsonSchema;
  /** What it may answer besides success. */
  readonly errors: readonly ErrorCode[];
}

/** Answers with one JSON value. */
export interface JsonRoute extends RouteBase {
  readonly kind: 'json';
  readonly response: JsonSchema;
  readonly handle: (service: AgentService, request: RouteRequest) => Promise<unknown>;
}

/** Answers with one JSON value a line, as they come (`application/x-ndjson`). */
export interface StreamRoute extends RouteBase {
  readonly kind: 'stream';
  readonly line: JsonSchema;
  readonly handle: (
    service: AgentService,
    request: RouteRequest,
    write: (line: unknown) => void,
    signal: AbortSignal,
  ) => Promise<void>;
}

/** Answers with a text of its own type. */
export interface TextRoute extends RouteBase {
  readonly kind: 'text';
  readonly contentType: string;
  readonly handle: (service: AgentService) => Promise<string>;
}

/** A terminal session over HTTP Upgrade; see `frames.ts`. */
export interface SessionRoute extends RouteBase {
  readonly kind: 'session';
  readonly method: 'get';
  readonly handle: (
    service: AgentService,
    name: string,
    open: SessionOpen,
    io: SessionIo,
    signal: AbortSignal,
  ) => Promise<number>;
}

/** One row of the API's table. */
export type Route = JsonRoute | StreamRoute | TextRoute | SessionRoute;
