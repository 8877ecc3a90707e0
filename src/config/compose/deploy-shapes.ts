import { oneOf, opaqueMap } from '../shape.ts';
import { textList } from './command-shapes.ts';
import { type ComposeShape, converted, listOf, orEmpty, plain } from './compose-shape.ts';
import { labels } from './pair-shapes.ts';
import { recordOf, type Unsupported, type UnsupportedField } from './record-of.ts';
import { bytes, decimal, duration, integer, text, textOrNumber } from './scalar-shapes.ts';
import type { Deploy, ResourceLimits } from './types.ts';

const onlySwarm: Unsupported = {
  reason: 'it spreads containers over several machines, and this is one',
  hint: 'remove it',
};
const ownUpdates: Unsupported = {
  reason: 'Berth replaces containers by its own rules',
  hint: 'use x-berth: {update: replace | delete-then-create | hand-over}',
};
const noDevices: Unsupported = {
  reason: 'devices are not reserved',
  hint: 'give the service its devices with "devices" or its "runtime"',
};

const limits = { cpus: decimal({ min: 0 }), memory: bytes };
const opaque = plain(opaqueMap);

interface DeviceRequest {
  readonly capabilities: readonly string[];
  readonly count?: number;
  readonly driver?: string;
  readonly device_ids?: readonly string[];
  readonly options?: Readonly<Record<string, string>>;
}

/** How many devices; `all` is -1. */
const deviceCount = converted(
  textOrNumber,
  (value, place) => integer().read(value === 'all' ? -1 : value, place),
  identity,
);

/** Device reservations (GPUs); not run, but checked and completed where a whole project is loaded. */
export const deviceRequests: ComposeShape<DeviceRequest[]> = listOf(
  converted(
    recordOf<DeviceRequest>({
      noun: 'a device reservation',
      fields: {
        capabilities: textList,
        count: deviceCount,
        driver: text,
        device_ids: textList,
        options: labels,
      },
      required: ['capabilities'],
      check(value, place) {
        if (value.count === undefined || value.device_ids === undefined) return;
        place.error('invalid-value', '"count" and "device_ids" exclude each other', 'keep one of them');
      },
    }),
    (value) => (value.count === undefined && value.device_ids === undefined ? { ...value, count: -1 } : value),
    identity,
  ),
);

interface Rollout {
  readonly parallelism?: number;
  readonly delay?: number;
  readonly failure_action?: string;
  readonly monitor?: number;
  readonly max_failure_ratio?: number;
  readonly order?: string;
}

const rollout = recordOf<Rollout>({
  noun: 'an update rule',
  fields: {
    parallelism: integer({ min: 0 }),
    delay: duration,
    failure_action: text,
    monitor: duration,
    max_failure_ratio: decimal({ min: 0 }),
    order: plain(oneOf(['start-first', 'stop-first'])),
  },
});

interface Placement {
  readonly constraints?: readonly string[];
  readonly preferences?: readonly { readonly spread?: string }[];
  readonly max_replicas_per_node?: number;
}

const placement = recordOf<Placement>({
  noun: 'a placement',
  fields: {
    constraints: textList,
    preferences: listOf(recordOf<{ readonly spread?: string }>({ noun: 'a preference', fields: { spread: text } })),
    max_replicas_per_node: integer({ min: 0 }),
  },
});

function unsupported(shape: ComposeShape<unknown>, why: Unsupported): UnsupportedField {
  return { shape, ...why };
}

/** `deploy`: limits, replicas, restart policy and labels; the rest belongs to Swarm. */
export const deploy = orEmpty(
  recordOf<Deploy>({
    noun: 'deploy',
    fields: {
      replicas: integer({ min: 0 }),
      labels,
      resources: recordOf<NonNullable<Deploy['resources']>>({
        noun: 'resources',
        fields: {
          limits: recordOf<ResourceLimits>({ noun: 'limits', fields: { ...limits, pids: integer({ min: -1 }) } }),
          reservations: recordOf<ResourceLimits>({
            noun: 'reservations',
            fields: { ...limits, pids: integer({ min: -1 }) },
            unsupported: {
              generic_resources: unsupported(listOf(opaque), onlySwarm),
              devices: unsupported(deviceRequests, noDevices),
            },
          }),
        },
      }),
      restart_policy: recordOf<NonNullable<Deploy['restart_policy']>>({
        noun: 'a restart policy',
        fields: {
          condition: plain(oneOf(['none', 'on-failure', 'any'])),
          delay: duration,
          max_attempts: integer({ min: 0 }),
          window: duration,
        },
      }),
    },
    unsupported: {
      mode: unsupported(text, onlySwarm),
      endpoint_mode: unsupported(text, onlySwarm),
      placement: unsupported(placement, onlySwarm),
      update_config: unsupported(rollout, ownUpdates),
      rollback_config: unsupported(rollout, ownUpdates),
    },
  }),
  {},
);

function identity<T>(value: T): T {
  return value;
}
