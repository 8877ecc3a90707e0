import type { Place } from '../place.ts';
import { withoutText } from '../shape.ts';
import { volumeExtension } from './berth-extension.ts';
import { type ComposeShape, listOf, orEmpty, plain } from './compose-shape.ts';
import { labels, options } from './pair-shapes.ts';
import { recordOf } from './record-of.ts';
import { text, truth } from './scalar-shapes.ts';
import type { FileSpec, NetworkSpec, VolumeSpec } from './types.ts';

interface External {
  readonly name?: string;
}

/** `external: true`, or the old way to write it: a mapping with the name. */
const external = plain({
  ...truth,
  name: 'true or false',
  schema: { anyOf: [truth.schema, { type: 'object', properties: { name: { type: 'string' } } }] },
});
const oldExternal = recordOf<External>({ noun: 'external', fields: { name: text } });

/** Moves the name from `external: {name: …}` to `name`. */
function withExternal<T extends { readonly name?: string; readonly external?: boolean }>(
  shape: ComposeShape<T>,
): ComposeShape<T> {
  return {
    ...shape,
    read(value, place) {
      if (!isOldExternal(value)) return shape.read(value, place);
      const { name } = oldExternal.read(value.external, place.child('external')) ?? {};
      if (name !== undefined && value.name !== undefined && value.name !== name) {
        place.error('invalid-value', 'name and external.name differ', 'write "external: true" and only "name"');
      }
      return shape.read({ ...value, external: true, ...(name === undefined ? {} : { name }) }, place);
    },
  };
}

function isOldExternal(value: unknown): value is { readonly external: object; readonly name?: unknown } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'external' in value &&
    typeof value.external === 'object' &&
    value.external !== null
  );
}

const ipam = recordOf<NonNullable<NetworkSpec['ipam']>>({
  noun: 'ipam',
  fields: {
    driver: text,
    options,
    config: listOf(
      recordOf<NonNullable<NonNullable<NetworkSpec['ipam']>['config']>[number]>({
        noun: 'an address pool',
        fields: { subnet: text, ip_range: text, gateway: text, aux_addresses: options },
      }),
    ),
  },
});

const network = withExternal(
  recordOf<NetworkSpec>({
    noun: 'a network',
    fields: {
      name: text,
      driver: text,
      driver_opts: options,
      internal: truth,
      attachable: truth,
      enable_ipv4: truth,
      enable_ipv6: truth,
      external,
      labels,
      ipam,
    },
  }),
);

const volume = withExternal(
  recordOf<VolumeSpec>({
    noun: 'a volume',
    fields: { name: text, driver: text, driver_opts: options, external, labels, 'x-berth': volumeExtension },
    check(value, place) {
      checkRollback(value, place);
      if (value.external !== true) return;
      const others = Object.keys(value).filter((key) => key !== 'external' && key !== 'name');
      for (const key of others) {
        place
          .child(key)
          .error(
            'invalid-value',
            `"external" and "${key}" exclude each other: an external volume is not made here`,
            `remove "${key}"`,
          );
      }
    },
  }),
);

/** A copy can be made of what the engine's own driver keeps in a directory of its own only. */
function checkRollback({ 'x-berth': extension, driver, driver_opts: given = {} }: VolumeSpec, place: Place): void {
  if (extension?.rollback !== 'snapshot') return;
  const isElsewhere = (driver ?? 'local') !== 'local' || Object.keys(given).length > 0;
  if (!isElsewhere) return;
  place
    .child('x-berth')
    .child('rollback')
    .error(
      'invalid-value',
      'there is no snapshot of a volume with a driver or driver_opts: what is in it is elsewhere',
      'write keep or forward-only, or leave driver and driver_opts out',
    );
}

const ownDriver = {
  reason: 'there is no driver for secrets and configs',
  hint: 'use "file", "environment" or "content"',
};

function file(noun: string): ComposeShape<FileSpec> {
  return withExternal(
    recordOf<FileSpec>({
      noun,
      fields: { name: text, file: text, environment: text, content: text, external, labels },
      unsupported: {
        driver: { shape: text, ...ownDriver },
        driver_opts: { shape: options, ...ownDriver },
        template_driver: { shape: text, ...ownDriver },
      },
      check: (value, place) => checkSource(noun, value, place),
    }),
  );
}

const sources = ['file', 'environment', 'content'] as const;

function checkSource(noun: string, value: FileSpec, place: Place): void {
  const given = sources.filter((source) => value[source] !== undefined);
  if (given.length > 1) {
    place.error('invalid-value', `${given.join(' and ')} exclude each other`, `keep one of ${sources.join(', ')}`);
  } else if (given.length === 0 && value.external !== true && !('driver' in value)) {
    place.error('invalid-value', `${noun} needs a source of its content`, `add one of ${sources.join(', ')}`);
  }
}

/** The shape of each top-level mapping besides `services`. */
export const resourceShapes = {
  networks: orEmpty(network, {}),
  volumes: orEmpty(volume, {}),
  secrets: withoutText(file('a secret')),
  configs: file('a config'),
} as const;

export type ResourceKind = keyof typeof resourceShapes;
