import fc from 'fast-check';
import { stringify } from 'yaml';

/** What generated services are made of. */
export interface GeneratorOptions {
  readonly image: string;
  /** Tags that may stand behind the image's name. */
  readonly tags: readonly string[];
  readonly maximumServices: number;
  /** Host ports, the other engine, schedules and profiles: not where others use the engine as well. */
  readonly everything: boolean;
}

type Plain = Record<string, unknown>;

/** In no alphabetical order, so that the start order is never right by accident. */
const names = ['hen', 'ant', 'fox', 'cat', 'emu', 'dog', 'bee', 'gnu'];
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 2 });

interface Choice {
  readonly shape: 'service' | 'one-shot' | 'scheduled';
  readonly tag: string;
  readonly environment: Plain | undefined;
  readonly network: 'host' | 'none' | 'default' | 'front' | 'back' | 'both';
  readonly isChecked: boolean;
  readonly isSystem: boolean;
  readonly hasVolume: boolean;
  readonly hasPort: boolean;
  readonly hasSecret: boolean;
  readonly hasConfig: boolean;
  readonly isOptional: boolean;
  readonly isEnabled: boolean;
  readonly isDisposable: boolean;
  readonly isEssential: boolean;
  readonly update: string | undefined;
  readonly restart: string | undefined;
  /** One number a service that stands before it: what it needs of that one. */
  readonly needs: readonly number[];
}

/** `#cloud-config` texts with a `berth` block that is valid and can converge: what a person might write, in any mixture. */
export function configTexts(options: GeneratorOptions): fc.Arbitrary<string> {
  const choice: fc.Arbitrary<Choice> = fc.record({
    shape: fc.constantFrom(
      'service',
      'service',
      'service',
      'one-shot',
      ...(options.everything ? ['scheduled' as const] : []),
    ),
    tag: fc.constantFrom(...options.tags),
    environment: maybe(fc.dictionary(fc.constantFrom('A', 'B'), fc.constantFrom('x', 'y', 1, true), { maxKeys: 2 })),
    network: fc.constantFrom('host', 'none', 'default', 'front', 'back', 'both'),
    isChecked: fc.boolean(),
    isSystem: options.everything ? fc.constantFrom(true, false, false, false) : fc.constant(false),
    hasVolume: fc.boolean(),
    hasPort: options.everything ? fc.boolean() : fc.constant(false),
    hasSecret: fc.constantFrom(true, false, false),
    hasConfig: fc.constantFrom(true, false, false),
    isOptional: options.everything ? fc.constantFrom(true, false, false, false) : fc.constant(false),
    isEnabled: fc.boolean(),
    isDisposable: fc.constantFrom(true, false, false),
    isEssential: fc.constantFrom(true, false, false, false, false),
    update: maybe(fc.constantFrom('replace', 'delete-then-create', 'hand-over')),
    restart: maybe(fc.constantFrom('always', 'unless-stopped', 'on-failure:3')),
    needs: fc.array(fc.nat(7), { minLength: names.length, maxLength: names.length }),
  });
  return fc
    .record({
      choices: fc.array(choice, { maxLength: options.maximumServices }),
      order: fc.shuffledSubarray(names, { minLength: names.length }),
      isFrontInternal: fc.boolean(),
      secret: fc.constantFrom('s1', 's2'),
    })
    .map(({ choices, order, isFrontInternal, secret }) => {
      const services: Record<string, Plain> = {};
      for (const [index, one] of choices.entries())
        services[order[index] ?? ''] = serviceOf(one, index, choices, order, options);
      const enable = choices.flatMap((one, index) => (one.isOptional && one.isEnabled ? [order[index] ?? ''] : []));
      const berth = {
        enable,
        services,
        networks: { front: { internal: isFrontInternal }, back: {} },
        volumes: { data: {}, cache: {} },
        secrets: { key: { content: secret } },
        configs: { rc: { content: 'set x' } },
      };
      return `#cloud-config\n${stringify({ berth })}`;
    });
}

function serviceOf(
  one: Choice,
  index: number,
  choices: readonly Choice[],
  order: readonly string[],
  options: GeneratorOptions,
): Plain {
  const isSystem = one.isSystem;
  const isBridged = !isSystem && one.network !== 'host' && one.network !== 'none';
  const networks = one.network === 'both' ? ['front', 'back'] : [one.network];
  const hasPort = one.hasPort && isBridged;
  const update = one.update === 'hand-over' && hasPort ? 'replace' : one.update;
  const network = isBridged
    ? one.network === 'default'
      ? {}
      : { networks }
    : { network_mode: one.network === 'none' ? 'none' : 'host' };
  const command = one.shape === 'service' ? {} : { command: ['true'] };
  const dependsOn = Object.fromEntries(
    choices.slice(0, index).flatMap((other, before) => {
      const need = one.needs[before] ?? 0;
      if (need > 2 || other.shape === 'scheduled') return [];
      // An essential service would wait for one that waits for it.
      const condition =
        other.shape === 'one-shot'
          ? 'service_completed_successfully'
          : (['service_started', 'service_healthy', 'service_started'][need] ?? '');
      const isSure = !other.isOptional || other.isEnabled;
      return [[order[before] ?? '', { condition, restart: need === 2, ...(isSure ? {} : { required: false }) }]];
    }),
  );
  return {
    image: `${options.image}:${one.tag}`,
    ...command,
    stop_signal: 'SIGKILL',
    ...(one.environment === undefined ? {} : { environment: one.environment }),
    ...network,
    ...(one.isChecked && one.shape === 'service' ? { healthcheck: { test: ['CMD', 'true'], interval: '1s' } } : {}),
    ...(one.hasVolume ? { volumes: ['data:/data', { type: 'volume', source: 'cache', target: '/cache' }] } : {}),
    ...(hasPort ? { ports: [`${8000 + (((one.needs[0] ?? 0) + index * 8) % 64)}:80`] } : {}),
    ...(one.hasSecret ? { secrets: ['key'] } : {}),
    ...(one.hasConfig ? { configs: [{ source: 'rc', target: '/etc/rc' }] } : {}),
    ...(one.isOptional ? { profiles: ['extra'] } : {}),
    ...(one.restart === undefined || one.shape !== 'service' ? {} : { restart: one.restart }),
    ...(Object.keys(dependsOn).length === 0 ? {} : { depends_on: dependsOn }),
    'x-berth': {
      ...(isSystem ? { engine: 'system' } : {}),
      ...(one.shape === 'one-shot' ? { one_shot: true } : {}),
      ...(one.shape === 'scheduled' ? { schedule: '0 3 * * *', timezone: 'Europe/Berlin' } : {}),
      ...(one.isDisposable ? { disposable: true } : {}),
      // The first only: what is essential starts before all others.
      ...(one.isEssential && index === 0 && one.shape !== 'scheduled' && options.everything && isSystem
        ? { essential: true }
        : {}),
      ...(update === undefined ? {} : { update }),
      settle: '100ms',
    },
  };
}
