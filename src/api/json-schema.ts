/** A JSON Schema (2020-12), as OpenAPI 3.1 wants it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export const text: JsonSchema = { type: 'string' };
export const integer: JsonSchema = { type: 'integer' };
export const number: JsonSchema = { type: 'number' };
export const boolean: JsonSchema = { type: 'boolean' };
export const time: JsonSchema = { type: 'string', format: 'date-time' };

/** An object with exactly these properties; a name ending in `?` is optional. */
export function object(properties: Readonly<Record<string, JsonSchema>>, description?: string): JsonSchema {
  const names = Object.entries(properties).map(([name, schema]) => [name.replace(/\?$/, ''), schema] as const);
  return {
    type: 'object',
    ...(description === undefined ? {} : { description }),
    required: Object.keys(properties).filter((name) => !name.endsWith('?')),
    properties: Object.fromEntries(names),
    additionalProperties: false,
  };
}

export function array(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

export function map(values: JsonSchema): JsonSchema {
  return { type: 'object', additionalProperties: values };
}

export function oneOf(...schemas: readonly JsonSchema[]): JsonSchema {
  return { oneOf: schemas };
}

export function choice(...values: readonly (string | boolean)[]): JsonSchema {
  return { enum: values };
}

export function nullable(schema: JsonSchema): JsonSchema {
  return { oneOf: [schema, { type: 'null' }] };
}

export function described(schema: JsonSchema, description: string): JsonSchema {
  return { ...schema, description };
}

export function reference(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}
