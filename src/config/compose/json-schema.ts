import type { JsonSchema } from '../shape.ts';
import { unsupportedSchema } from './record-of.ts';
import { type ResourceKind, resourceShapes } from './resources.ts';
import { type ServiceKey, serviceKeys } from './service-keys.ts';

/** JSON Schema (draft 2020-12) of a service as people may write it, short forms included; made from the table of keys. */
export function composeServiceSchema(): JsonSchema {
  const rows: [string, ServiceKey][] = Object.entries(serviceKeys);
  const properties = rows.map(([key, { shape, support }]) => {
    return [key, support.kind === 'runs' ? shape.schema : unsupportedSchema(support)] as const;
  });
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    patternProperties: { '^x-': {} },
    additionalProperties: false,
  };
}

/** JSON Schema (draft 2020-12) of one entry of a top-level mapping: a network, volume, secret or config. */
export function composeResourceSchema(kind: ResourceKind): JsonSchema {
  return resourceShapes[kind].schema;
}
