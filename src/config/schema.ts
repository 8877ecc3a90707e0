import { berthKeys } from './berth/keys.ts';
import { cloudInitKeys } from './dialects/cloud-init/keys.ts';
import { cloudInitRules } from './dialects/cloud-init/schema/schema.ts';
import { tableSchema } from './key-table.ts';
import { ruleSchema } from './rule/rule-schema.ts';
import type { JsonSchema } from './shape.ts';

/**
 * The JSON Schema (draft 2020-12) of `#cloud-config` texts, made from the dialect's tables: what Berth reads of a key that
 * it honours, what cloud-init asks of one that it does not. What `berth validate` rejects, it rejects where a schema can say so.
 */
export function cloudConfigSchema(): JsonSchema {
  const properties = cloudInitKeys.flatMap((row) => {
    const rule = cloudInitRules[row.key];
    if (rule === undefined) return [];
    const schema = row.kind === 'honoured' ? row.schema : { ...ruleSchema(rule), description: `No effect: ${row.why}` };
    return [[row.key, schema] as const];
  });
  const berth = {
    ...tableSchema(berthKeys, 'refused'),
    description: 'What cloud-init has no word for: services, engines, updates, kernel settings',
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Berth cloud-config',
    type: 'object',
    properties: { ...Object.fromEntries(properties), berth },
    additionalProperties: false,
  };
}
