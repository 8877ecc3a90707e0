import { serviceWishes } from '../agent/agent-service.ts';
import { layerNames } from '../config/user-data/layer-names.ts';
import { costs } from '../core/plan.ts';
import { osEventKinds } from '../update/os-status.ts';
import {
  array,
  boolean,
  choice,
  described,
  integer,
  type JsonSchema,
  map,
  nullable,
  number,
  object,
  oneOf,
  reference,
  text,
  time,
} from './json-schema.ts';
import { updateSchemas } from './update-schemas.ts';

const cost = choice(...costs);
const engine = choice('system', 'user');
const origin = choice('catalogue', 'config');
const serviceState = choice(
  ...['healthy', 'running', 'done', 'scheduled', 'starting', 'waiting', 'pulling', 'stopping', 'stopped'],
  ...['backoff', 'unhealthy', 'failed', 'exited', 'available'],
);
const cause = { 'cause?': reference('Reason') };
const layer = choice(...layerNames);
const configText = object({ file: text, text });
const services = array(reference('ServiceStatus'));
const volumeSet = { version: text, volumes: array(text) };

/** Every shape the API speaks, by name: `components.schemas` of the OpenAPI document. */
export const schemas: Readonly<Record<string, JsonSchema>> = {
  ConfigText: configText,
  ApplyRequest: oneOf(
    object({ files: { ...array(configText), minItems: 1 } }),
    object({ generation: integer }),
    object({ set: object({ key: text, 'value?': {} }) }),
  ),
  ApplyOptions: object({
    request: reference('ApplyRequest'),
    timeoutMs: integer,
    wait: boolean,
    'destroy?': array(text),
    who: text,
    command: text,
  }),
  Operator: object({ who: text, command: text }),
  ServiceWish: choice(...serviceWishes),
  Reason: oneOf(
    object({ kind: choice('config'), key: text, change: choice('added', 'changed', 'removed'), ...cause }),
    object({ kind: choice('health'), service: text, result: text, ...cause }),
    object({ kind: choice('exited'), service: text, exitCode: integer, 'oomKilled?': boolean, ...cause }),
    object({ kind: choice('drift', 'budget'), detail: text, ...cause }),
    object({ kind: choice('dependency'), service: text, ...cause }),
    object({ kind: choice('schedule'), expression: text, due: text, ...cause }),
    object({ kind: choice('operator'), command: text, who: text, ...cause }),
    object({ kind: choice('rollback'), service: text, detail: text, ...cause }),
    object({ kind: choice('image'), reference: text, detail: text, ...cause }),
    object({ kind: choice('boot'), ...cause }),
    object({ kind: choice('demand'), socket: text, ...cause }),
  ),
  LedgerEntry: object({
    sequence: integer,
    at: time,
    generation: integer,
    kind: text,
    subject: text,
    cost,
    reason: reference('Reason'),
    summary: text,
    outcome: choice('done', 'failed'),
    durationMs: number,
    'error?': text,
  }),
  Generation: object({
    number: integer,
    createdAt: time,
    source: text,
    configDigest: text,
    images: map(text),
    release: nullable(text),
    changes: array(text),
    rolledBack: described(map(text), 'why services of it went back to the version before, by service'),
    state: choice('current', 'previous', 'rejected'),
  }),
  Diagnostic: object({
    file: text,
    line: described(integer, '1-based; 0 when the whole file is meant'),
    column: integer,
    path: text,
    severity: choice('error', 'warning', 'info'),
    code: text,
    message: text,
    hint: nullable(text),
  }),
  PlannedStep: object({
    id: text,
    kind: text,
    subject: text,
    cost,
    summary: text,
    reasons: described(array(text), 'nearest first'),
    after: array(text),
    waitsFor: array(text),
  }),
  SkippedStep: object({ subject: text, key: text, why: text }),
  PlanReport: object({
    steps: array(reference('PlannedStep')),
    skipped: array(reference('SkippedStep')),
    diagnostics: array(reference('Diagnostic')),
    cost: nullable(cost),
  }),
  KeyReport: object({
    key: text,
    outcome: choice('changed', 'unchanged', 'failed', 'skipped', 'pending'),
    'why?': text,
  }),
  ApplyEvent: oneOf(
    object({ kind: choice('plan'), plan: reference('PlanReport'), generation: integer }),
    object({ kind: choice('step-started'), step: reference('PlannedStep') }),
    object({ kind: choice('step-progress'), id: text, fraction: number }),
    object({ kind: choice('step-done'), id: text, durationMs: number }),
    object({ kind: choice('step-failed'), id: text, error: text, retryAt: nullable(time) }),
    object({
      kind: choice('result'),
      outcome: choice('converged', 'incomplete'),
      keys: array(reference('KeyReport')),
      services,
      generation: integer,
    }),
  ),
  ServiceStatus: object({
    name: text,
    engine,
    origin,
    state: serviceState,
    detail: text,
    image: text,
    'imageId?': text,
    'containerId?': text,
    'containerName?': text,
    ports: array(text),
    'createdAt?': time,
    restarts: integer,
    'nextRun?': time,
    'retryAt?': time,
    critical: boolean,
    essential: boolean,
  }),
  EngineStatus: object({
    name: engine,
    state: choice('running', 'starting', 'stopped', 'failed', 'unreachable'),
    version: text,
    socket: text,
    detail: text,
  }),
  HostStatus: object({
    hostname: text,
    mode: choice('local', 'host'),
    version: text,
    state: choice('healthy', 'converging', 'degraded'),
    generation: integer,
    startedAt: time,
    engines: array(reference('EngineStatus')),
    services,
    skipped: array(reference('SkippedStep')),
    machine: nullable(
      object({
        config: nullable(object({ datasource: text, place: text })),
        network: nullable(
          object({ ready: boolean, detail: text, links: array(object({ name: text, addresses: array(text) })) }),
        ),
        problems: array(text),
        warnings: array(text),
        pending: array(text),
        maintenance: nullable(text),
        release: nullable(
          object({
            version: text,
            isBlessed: boolean,
            takenBack: nullable(object({ version: text, reason: text, at: time })),
            refused: nullable(object({ version: text, reason: text, at: time })),
            staged: nullable(text),
            lastLook: nullable(object({ at: time, failures: integer })),
          }),
        ),
      }),
    ),
    lastRound: nullable(object({ at: time, durationMs: number })),
  }),
  OsStatus: object({
    version: text,
    slot: choice('a', 'b'),
    device: text,
    rootHash: text,
    entries: array(
      object({
        file: text,
        name: text,
        version: text,
        'tries?': object({ left: integer, done: integer }),
        isRunning: boolean,
      }),
    ),
    bless: oneOf(
      object({ kind: choice('blessed') }),
      object({
        kind: choice('on-trial'),
        checks: array(
          object({ name: text, level: choice('required', 'wanted', 'baseline'), holds: boolean, detail: text }),
        ),
        blockers: array(text),
        secondsLeft: integer,
      }),
    ),
    rejected: array(reference('OsEvent')),
    state: object({ schema: integer, kept: array(integer) }),
    volumes: object({
      snapshot: nullable(object(volumeSet)),
      takenBack: nullable(object({ ...volumeSet, directory: text })),
      forwardOnly: array(text),
    }),
  }),
  OsEvent: object({
    at: time,
    kind: choice(...osEventKinds),
    version: text,
    reason: text,
  }),
  ...updateSchemas,
  EffectiveKey: object({
    key: text,
    'value?': {},
    from: array(object({ layer, file: text, line: integer, column: integer, keys: array(text) })),
    under: array(object({ layer, file: text, line: integer, column: integer, value: {} })),
  }),
  WhyReport: object({ subject: text, now: text, declaredAt: nullable(text), entries: array(reference('LedgerEntry')) }),
  RoundReport: object({ durationMs: number, steps: integer }),
  ServiceGraph: object({
    nodes: array(object({ name: text, engine, origin, state: serviceState })),
    edges: array(
      object({
        from: text,
        to: text,
        condition: choice('service_started', 'service_healthy', 'service_completed_successfully'),
        required: boolean,
      }),
    ),
  }),
  LogLine: object({ stream: choice('stdout', 'stderr'), time: nullable(time), text }),
  AgentEvent: oneOf(
    object({ kind: choice('ledger'), entry: reference('LedgerEntry') }),
    object({ kind: choice('service'), service: reference('ServiceStatus') }),
    object({ kind: choice('host'), state: choice('healthy', 'converging', 'degraded'), generation: integer }),
  ),
  Problem: object(
    {
      type: text,
      title: text,
      status: integer,
      detail: text,
      code: text,
      hint: nullable(text),
      retryable: boolean,
      details: { type: 'object' },
    },
    'RFC 9457. In a stream that has begun it is the last line: {"kind":"error","problem":…}.',
  ),
};
