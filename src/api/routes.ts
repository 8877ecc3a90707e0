import { type ServiceWish, serviceWishes } from '../agent/agent-service.ts';
import { array, boolean, described, integer, map, object, reference, text, time } from './json-schema.ts';
import { formatMetrics, processMetrics, statusMetrics } from './metrics.ts';
import { openApiDocument } from './openapi.ts';
import { osRoutes } from './os-routes.ts';
import {
  readApply,
  readApplyRequest,
  readGenerationNumber,
  readLedgerQuery,
  readLogQuery,
  readOperator,
} from './requests.ts';
import type { Route } from './route.ts';
import { updateRoutes } from './update-routes.ts';

const serviceErrors = ['SERVICE_UNKNOWN'] as const;
const sessionErrors = [
  'SERVICE_UNKNOWN',
  'ENGINE_UNREACHABLE',
  'ENGINE_REFUSED',
  'ENGINE_CONFLICT',
  'IMAGE_NOT_FOUND',
  'USAGE',
] as const;

const wishSummaries: Readonly<Record<ServiceWish, string>> = {
  enable: 'Run a service of the catalogue, or one with profiles, from now on, whatever the config says.',
  disable: 'Do not run a service from now on, whatever the config says.',
  start: 'Start a service that an operator stopped.',
  stop: 'Stop a service until it is started again.',
  restart: 'Stop a service and start it again.',
};

/** The whole API: the server, the OpenAPI document and the tests are made from this table. */
export const routes: readonly Route[] = [
  {
    kind: 'json',
    method: 'get',
    path: '/healthz',
    summary: 'Whether the agent answers.',
    errors: [],
    response: object({ ok: boolean }),
    handle: async () => Promise.resolve({ ok: true }),
  },
  {
    kind: 'text',
    method: 'get',
    path: '/metrics',
    summary: 'Metrics in the text format of Prometheus.',
    errors: [],
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    handle: async (service) =>
      formatMetrics([...statusMetrics(await service.status()), ...service.metrics(), ...processMetrics()]),
  },
  {
    kind: 'json',
    method: 'get',
    path: '/v1/status',
    summary: 'The host, its engines and its services.',
    errors: [],
    response: reference('HostStatus'),
    handle: async (service) => service.status(),
  },
  {
    kind: 'json',
    method: 'post',
    path: '/v1/plan',
    summary: 'What applying a config would do. Changes nothing. A config with errors gives diagnostics and no steps.',
    body: reference('ApplyRequest'),
    errors: ['USAGE', 'NOT_FOUND', 'ENGINE_UNREACHABLE'],
    response: reference('PlanReport'),
    handle: async (service, { body }) => service.plan(readApplyRequest(body)),
  },
  {
    kind: 'stream',
    method: 'post',
    path: '/v1/apply',
    summary: 'Declare a config and watch the host become it. The last line is the result. Hanging up does not undo it.',
    body: reference('ApplyOptions'),
    errors: ['USAGE', 'CONFIG_INVALID', 'NOT_FOUND', 'BUSY', 'ENGINE_UNREACHABLE'],
    line: reference('ApplyEvent'),
    handle: async (service, { body }, write, signal) => {
      const { request, options } = readApply(body);
      await service.apply(request, options, write, signal);
    },
  },
  {
    kind: 'json',
    method: 'post',
    path: '/v1/reconcile',
    summary: 'One reconcile round, now.',
    errors: ['ENGINE_UNREACHABLE'],
    response: reference('RoundReport'),
    handle: async (service) => service.reconcile(),
  },
  {
    kind: 'json',
    method: 'get',
    path: '/v1/services',
    summary: 'The services, and after them those that could be enabled (state `available`).',
    errors: [],
    response: array(reference('ServiceStatus')),
    handle: async (service) => service.services(),
  },
  {
    kind: 'json',
    method: 'get',
    path: '/v1/graph',
    summary: 'Which service needs which.',
    errors: [],
    response: reference('ServiceGraph'),
    handle: async (service) => service.graph(),
  },
  ...serviceWishes.map(
    (wish): Route => ({
      kind: 'json',
      method: 'post',
      path: `/v1/services/{name}/${wish}`,
      summary: wishSummaries[wish],
      body: reference('Operator'),
      errors: [...serviceErrors, 'USAGE', 'ENGINE_UNREACHABLE'],
      response: reference('ServiceStatus'),
      handle: async (service, { params, body }) =>
        service.setServiceWish(params['name'] ?? '', wish, readOperator(body)),
    }),
  ),
  {
    kind: 'stream',
    method: 'get',
    path: '/v1/services/{name}/logs',
    summary: 'Log lines of a service, oldest first.',
    query: {
      follow: described(boolean, 'go on with new lines'),
      tail: described(integer, 'only the last lines'),
      since: described(time, 'only lines after this time'),
    },
    errors: [...serviceErrors, 'NOT_FOUND', 'USAGE', 'ENGINE_UNREACHABLE'],
    line: reference('LogLine'),
    handle: async (service, { params, query }, write, signal) =>
      service.logs(params['name'] ?? '', readLogQuery(query), write, signal),
  },
  {
    kind: 'session',
    method: 'get',
    path: '/v1/services/{name}/exec',
    summary: 'Run a command in a running service.',
    errors: sessionErrors,
    handle: async (service, name, open, io, signal) => service.exec(name, open, io, signal),
  },
  {
    kind: 'session',
    method: 'get',
    path: '/v1/services/{name}/debug',
    summary: 'Run a shell with tools beside a running service, in its namespaces.',
    errors: sessionErrors,
    handle: async (service, name, open, io, signal) => service.debug(name, open, io, signal),
  },
  {
    kind: 'json',
    method: 'get',
    path: '/v1/why/{subject}',
    summary: 'Why a service, a config key or any subject of a step is as it is.',
    errors: ['NOT_FOUND'],
    response: reference('WhyReport'),
    handle: async (service, { params }) => service.why(params['subject'] ?? ''),
  },
  {
    kind: 'json',
    method: 'get',
    path: '/v1/ledger',
    summary: 'Steps that were carried out, newest first.',
    query: {
      limit: described(integer, 'at most this many; default 100'),
      subject: described(text, 'only steps that concern this service, subject or config key'),
      since: described(time, 'only steps after this time'),
    },
    errors: ['USAGE'],
    response: array(reference('LedgerEntry')),
    handle: async (service, { query }) => service.ledger(readLedgerQuery(query)),
  },
  {
    kind: 'json',
    method: 'get',
    path: '/v1/config',
    summary: 'The config that holds, key by key, and which layer and line says so; secrets blanked.',
    query: { key: described(text, 'only this one, and all below it: `berth.services.web`') },
    errors: ['USAGE', 'UNSUPPORTED'],
    response: array(reference('EffectiveKey')),
    handle: async (service, { query: { key } }) => service.configKeys(typeof key === 'string' ? key : undefined),
  },
  {
    kind: 'json',
    method: 'get',
    path: '/v1/generations',
    summary: 'Applied configs, newest first.',
    errors: [],
    response: array(reference('Generation')),
    handle: async (service) => service.generations(),
  },
  {
    kind: 'json',
    method: 'get',
    path: '/v1/generations/{number}/config',
    summary: 'The config texts of a generation, secrets blanked.',
    errors: ['USAGE', 'NOT_FOUND'],
    response: array(reference('ConfigText')),
    handle: async (service, { params }) => service.generationConfig(readGenerationNumber(params['number'] ?? '')),
  },
  ...osRoutes,
  ...updateRoutes,
  {
    kind: 'stream',
    method: 'get',
    path: '/v1/events',
    summary: 'What happens from now on.',
    errors: [],
    line: reference('AgentEvent'),
    handle: async (service, _request, write, signal) => service.events(write, signal),
  },
  {
    kind: 'json',
    method: 'post',
    path: '/v1/shutdown',
    summary: 'End a local instance: its services, its engines, then the agent. Data stays.',
    body: reference('Operator'),
    errors: ['USAGE', 'UNSUPPORTED'],
    response: object({ ok: boolean }),
    handle: async (service, { body }) => {
      await service.shutdown(readOperator(body));
      return { ok: true };
    },
  },
  {
    kind: 'json',
    method: 'get',
    path: '/v1/openapi.json',
    summary: 'This document.',
    errors: [],
    response: map({}),
    handle: async () => Promise.resolve(openApiDocument(routes)),
  },
];
