import type { JsonSchema } from './oracle.ts';

export type Random = () => number;
export type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain };

/** Texts of the forms that the patterns of the rules ask for. */
const texts = [
  'a',
  'b c',
  '1G',
  '0.5M',
  'ops:secret',
  'rsa_private',
  'ed25519_public',
  '+5',
  '7',
  '2030-12-31',
  'x,y-z',
  'one_1',
];

export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('there is nothing to pick from');
  return item;
}

/** Makes values that a JSON Schema takes, or nearly takes: where it has several forms, any of them. */
export class Samples {
  readonly #root: JsonSchema;
  readonly #random: Random;

  constructor(root: JsonSchema, random: Random) {
    this.#root = root;
    this.#random = random;
  }

  /** A document with some of the top-level keys. */
  document(keyCount: number): { [key: string]: Plain } {
    const parts = (this.#root['allOf'] as JsonSchema[] | undefined)?.map((part) => this.#resolve(part)) ?? [];
    const properties = parts.flatMap((part) =>
      Object.entries((part['properties'] ?? {}) as Record<string, JsonSchema>),
    );
    const chosen = Array.from({ length: keyCount }, () => pick(this.#random, properties));
    return Object.fromEntries(chosen.map(([key, schema]) => [key, this.value(schema, 0)]));
  }

  value(given: JsonSchema, depth: number): Plain {
    const schema = this.#resolve(given);
    const forms = (schema['oneOf'] ?? schema['anyOf']) as JsonSchema[] | undefined;
    if (forms !== undefined)
      return this.value({ ...without(schema, 'oneOf', 'anyOf'), ...pick(this.#random, forms) }, depth);
    const allOf = schema['allOf'] as JsonSchema[] | undefined;
    if (allOf !== undefined)
      return this.value(
        allOf.reduce<JsonSchema>((all, part) => mergeSchemas(all, this.#resolve(part)), without(schema, 'allOf')),
        depth,
      );
    const words = schema['enum'] as Plain[] | undefined;
    if (Array.isArray(words)) return pick(this.#random, words);
    const type =
      schema['type'] ??
      (schema['properties'] === undefined && schema['patternProperties'] === undefined ? 'string' : 'object');
    switch (Array.isArray(type) ? pick(this.#random, type as string[]) : type) {
      case 'boolean':
        return this.#random() < 0.5;
      case 'integer':
        return Math.floor(this.#random() * 300);
      case 'number':
        return Math.round(this.#random() * 100) / 4;
      case 'null':
        return null;
      case 'array':
        return this.#list(schema, depth);
      case 'object':
        return this.#mapping(schema, depth);
      default:
        return this.#text(schema['pattern'] as string | undefined);
    }
  }

  #text(pattern: string | undefined): string {
    const fitting = pattern === undefined ? texts : texts.filter((text) => new RegExp(pattern).test(text));
    return pick(this.#random, fitting.length === 0 ? texts : fitting);
  }

  #list(schema: JsonSchema, depth: number): Plain[] {
    const least = Number(schema['minItems'] ?? 0);
    const length = Math.min(Number(schema['maxItems'] ?? 3), least + Math.floor(this.#random() * 3));
    return Array.from({ length }, () => this.value((schema['items'] ?? {}) as JsonSchema, depth + 1));
  }

  #mapping(schema: JsonSchema, depth: number): { [key: string]: Plain } {
    const required = (schema['required'] ?? []) as string[];
    const properties = Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>);
    const chance = depth > 3 ? 0.2 : Math.min(0.6, 3 / Math.max(1, properties.length));
    const fields = properties
      .filter(([key]) => required.includes(key) || this.#random() < chance)
      .map(([key, entry]): [string, Plain] => [key, this.value(entry, depth + 1)]);
    const patterns = Object.entries((schema['patternProperties'] ?? {}) as Record<string, JsonSchema>);
    for (const [pattern, entry] of patterns)
      if (this.#random() < 0.8) fields.push([this.#text(pattern), this.value(entry, depth + 1)]);
    const other = schema['additionalProperties'];
    if (typeof other === 'object' && other !== null)
      for (const key of ['a', 'b']) fields.push([key, this.value(other as JsonSchema, depth + 1)]);
    return Object.fromEntries(fields);
  }

  #resolve(schema: JsonSchema): JsonSchema {
    const reference = schema['$ref'];
    if (typeof reference !== 'string') return schema;
    const name = reference.replace('#/$defs/', '');
    const target = (this.#root['$defs'] as Record<string, JsonSchema>)[name];
    return this.#resolve(mergeSchemas(without(schema, '$ref'), target ?? {}));
  }
}

function without(schema: JsonSchema, ...keys: readonly string[]): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !keys.includes(key)));
}

function mergeSchemas(a: JsonSchema, b: JsonSchema): JsonSchema {
  const properties = { ...(a['properties'] as object | undefined), ...(b['properties'] as object | undefined) };
  return { ...a, ...b, ...(Object.keys(properties).length === 0 ? {} : { properties }) };
}
