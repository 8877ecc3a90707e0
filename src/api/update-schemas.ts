import { costs } from '../core/plan.ts';
import {
  array,
  boolean,
  choice,
  integer,
  type JsonSchema,
  nullable,
  object,
  oneOf,
  reference,
  text,
  time,
} from './json-schema.ts';

const state = choice('idle', 'looking', 'clearing', 'writing', 'placing', 'activating', 'staged', 'restarting');
const progress = object({ bytesFetched: integer, bytesWritten: integer, total: integer });
const ranges = array(object({ block: integer, blocks: integer }));

/** Shapes of what the API says of updates. */
export const updateSchemas: Readonly<Record<string, JsonSchema>> = {
  UpdateStatus: object({
    state,
    version: nullable(text),
    since: nullable(time),
    progress: nullable(progress),
    feed: nullable(text),
    channel: text,
    strategy: text,
    pin: object({ version: nullable(text), until: nullable(time) }),
    lastLook: nullable(object({ at: time, outcome: text, failures: integer, warnings: array(text) })),
    nextLook: nullable(time),
    restart: nullable(text),
    inhibitors: array(object({ who: text, why: text, until: time })),
  }),
  UpdateOffer: object({
    target: nullable(object({ version: text, sequence: integer, digest: text, rootHash: text, 'isUrgent?': boolean })),
    outcome: text,
    warnings: array(text),
    steps: array(
      object({
        id: text,
        kind: choice('take-images', 'clear-slot', 'write-slot', 'place-kernel', 'activate-release', 'restart-host'),
        subject: text,
        cost: choice(...costs),
        summary: text,
        after: array(text),
        reason: reference('Reason'),
      }),
    ),
  }),
  UpdateLine: oneOf(
    object({ kind: choice('state'), state, version: nullable(text) }),
    object({ kind: choice('progress'), progress }),
    object({
      kind: choice('done'),
      outcome: choice('staged', 'none', 'restarting'),
      version: nullable(text),
      why: text,
      bytesFetched: integer,
      detours: array(text),
      images: array(text),
    }),
  ),
  SlotCheck: object({
    version: text,
    device: text,
    rootHash: text,
    blocks: integer,
    differs: ranges,
    unknown: ranges,
  }),
};
