import { berthKeys } from './berth/keys.ts';
import { cloudInitKeys } from './dialects/cloud-init/keys.ts';
import { tableSchema } from './key-table.ts';
import type { JsonSchema } from './shape.ts';

/**
 * The JSON Schema (draft 2020-12) of `#cloud-config` texts as Berth reads them, made from the dialect's tables.
 * Keys with a warning are allowed; what the parser rejects, the schema rejects where a schema can say it.
 */
export function cloudConfigSchema(): JsonSchema {
  const { properties, ...rest } = tableSchema(cloudInitKeys, 'allowed');
  const berth = {
    ...tableSchema(berthKeys, 'refused'),
    description: 'What cloud-init has no word for: services, engines, updates, kernel settings',
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Berth cloud-config',
    ...rest,
    properties: { ...(properties as object), berth },
  };
}
