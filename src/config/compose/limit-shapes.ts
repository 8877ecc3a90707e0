import { oneOf } from '../shape.ts';
import { healthTest, textList } from './command-shapes.ts';
import { type ComposeShape, converted, namedMap, plain, shapeOf, shortOr } from './compose-shape.ts';
import { resourceName } from './network-shapes.ts';
import { options } from './pair-shapes.ts';
import { recordOf } from './record-of.ts';
import { duration, integer, text, truth } from './scalar-shapes.ts';
import type { Dependency, Healthcheck, Logging, Ulimit } from './types.ts';

const limit = integer({ min: -1 });

/** Kernel limits by name: one number for both, or soft and hard; -1 is "no limit". */
export const ulimits = namedMap(
  shortOr<Ulimit>(
    converted(
      limit,
      (both) => ({ soft: both, hard: both }),
      ({ soft }) => soft,
    ),
    {
      ...recordOf<Ulimit>({ noun: 'a ulimit', fields: { soft: limit, hard: limit }, required: ['soft', 'hard'] }),
      print: ({ soft, hard }) => (soft === hard ? soft : { soft, hard }),
    },
  ),
  /^[a-z]+$/,
);

/** How the engine finds out whether the service is healthy. */
export const healthcheck = recordOf<Healthcheck>({
  noun: 'a healthcheck',
  fields: {
    test: healthTest,
    interval: duration,
    timeout: duration,
    retries: integer({ min: 0 }),
    start_period: duration,
    start_interval: duration,
    disable: truth,
  },
});

/** Where the service's output goes. */
export const logging = recordOf<Logging>({ noun: 'logging', fields: { driver: text, options } });

const dependency = recordOf<Dependency>({
  noun: 'a dependency',
  fields: {
    condition: plain(oneOf(['service_started', 'service_healthy', 'service_completed_successfully'])),
    restart: truth,
    required: truth,
  },
  defaults: { required: true },
  required: ['condition'],
  hidden: { restart: false },
});

const namedDependencies: ComposeShape<Record<string, Dependency>> = converted(
  textList,
  (names) => Object.fromEntries(names.map((name) => [name, { condition: 'service_started' as const, required: true }])),
  (value) => value,
);

/** What must be ready first: names, or a mapping from names to conditions. */
export const dependencies = shortOr<Record<string, Dependency>>(namedDependencies, namedMap(dependency, resourceName));

/** When the engine starts a container again. */
export const restartPolicy: ComposeShape<string> = shapeOf({
  name: 'no, always, unless-stopped or on-failure[:N]',
  schema: { anyOf: [{ type: 'string' }, { const: false }] },
  // YAML 1.1 reads an unquoted `no` as false.
  is: (value): value is string | false => value === false || typeof value === 'string',
  read: (value) => (value === false ? 'no' : value),
});
