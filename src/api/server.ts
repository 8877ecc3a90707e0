import { chmod, chown, mkdir, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import express, { type NextFunction, type Request, type Response } from 'express';
import type { AgentService } from '../agent/agent-service.ts';
import { BerthError, messageOf } from '../core/errors.ts';
import { problemType, toProblem } from './problem.ts';
import { readJsonBody } from './read-body.ts';
import type { JsonRoute, Route, RouteRequest, StreamRoute, TextRoute } from './route.ts';
import { routes } from './routes.ts';
import { serveSessions } from './session.ts';

export interface ApiServer {
  /** Ends all connections and removes the socket. */
  close(): Promise<void>;
}

/** A reader that is this far behind is cut off, so that it cannot fill the agent's memory. */
const maxBufferedBytes = 32 * 2 ** 20;

/**
 * Serves the agent on a unix socket (mode 0660: root and the group `groupId`). Throws AGENT_RUNNING when something
 * answers there already; a dead socket is replaced.
 */
export async function serveApi(service: AgentService, socketPath: string, groupId?: number): Promise<ApiServer> {
  await mkdir(dirname(socketPath), { recursive: true });
  if (await isAnswering(socketPath)) {
    throw new BerthError('AGENT_RUNNING', `an agent already serves ${socketPath}`, {
      hint: 'berth status shows what it does',
    });
  }
  await rm(socketPath, { force: true });
  const server = await listen(createApp(service), socketPath);
  // Only root may give a file away; anybody else keeps the socket to themselves.
  if (groupId !== undefined && process.getuid?.() === 0) await chown(socketPath, 0, groupId);
  serveSessions(server, service);
  return { close: async () => close(server) };
}

/** The express application: one handler for each row of the table. */
export function createApp(service: AgentService): express.Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  for (const route of routes) {
    if (route.kind === 'session') continue;
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    app[route.method](path, async (request: Request, response: Response) => serve(route, service, request, response));
  }
  app.use((request: Request) => {
    throw new BerthError('NOT_FOUND', `there is no ${request.method} ${request.path}`, {
      hint: 'GET /v1/openapi.json lists what there is',
    });
  });
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) next(error);
    else sendProblem(response, error);
  });
  return app;
}

async function serve(
  route: Exclude<Route, { kind: 'session' }>,
  service: AgentService,
  request: Request,
  response: Response,
): Promise<void> {
  const { params, query } = request as { params: Record<string, string>; query: Record<string, unknown> };
  const body = route.body === undefined ? undefined : await readJsonBody(request);
  const routeRequest: RouteRequest = { params, query, body };
  switch (route.kind) {
    case 'json':
      return serveJson(route, service, routeRequest, response);
    case 'text':
      return serveText(route, service, response);
    case 'stream':
      return serveStream(route, service, routeRequest, response);
  }
}

async function serveJson(
  route: JsonRoute,
  service: AgentService,
  request: RouteRequest,
  response: Response,
): Promise<void> {
  response.json(await route.handle(service, request));
}

async function serveText(route: TextRoute, service: AgentService, response: Response): Promise<void> {
  const text = await route.handle(service);
  response.setHeader('Content-Type', route.contentType);
  response.end(text);
}

async function serveStream(
  route: StreamRoute,
  service: AgentService,
  request: RouteRequest,
  response: Response,
): Promise<void> {
  const abort = new AbortController();
  response.on('close', () => abort.abort(new BerthError('CANCELLED', 'the client hung up')));
  const begin = (): void => {
    if (response.headersSent) return;
    response.setHeader('Content-Type', 'application/x-ndjson');
    response.flushHeaders();
  };
  const write = (line: unknown): void => {
    if (response.destroyed) return;
    begin();
    response.write(`${JSON.stringify(line)}\n`);
    if (response.writableLength > maxBufferedBytes) response.destroy();
  };
  // A stream that is only awaited must show its client that it is accepted; errors are thrown before that.
  const accepted = setTimeout(begin, 250);
  try {
    await route.handle(service, request, write, abort.signal);
    begin();
  } catch (error) {
    if (!response.headersSent) throw error;
    write({ kind: 'error', problem: toProblem(error) });
  } finally {
    clearTimeout(accepted);
    if (response.headersSent) response.end();
  }
}

function sendProblem(response: Response, error: unknown): void {
  const problem = toProblem(error);
  if (problem.code === 'INTERNAL')
    console.error(`berth: api: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`);
  response.status(problem.status).setHeader('Content-Type', problemType);
  response.end(JSON.stringify(problem));
}

async function isAnswering(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

async function listen(app: express.Express, socketPath: string): Promise<Server> {
  const server = await new Promise<Server>((resolve, reject) => {
    // bind() makes the socket file: nobody else may open it before chmod.
    const mask = process.umask(0o117);
    const listening = app.listen(socketPath, (error) => {
      if (error === undefined) resolve(listening);
      else reject(error);
    });
    process.umask(mask);
  });
  await chmod(socketPath, 0o660);
  return server;
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
