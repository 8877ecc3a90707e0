import type { JsonSchema } from '../shape.ts';
import type { Rule } from './rule.ts';

/** A rule as JSON Schema (draft 2020-12), for editors. Pure. */
export function ruleSchema(rule: Rule): JsonSchema {
  const { pattern, properties, patternProperties, additionalProperties, items, notTogether, deprecated, ...same } =
    rule;
  const lists = Object.fromEntries(
    (['allOf', 'anyOf', 'oneOf'] as const).flatMap((key) => {
      const rules = rule[key];
      return rules === undefined ? [] : [[key, rules.map(ruleSchema)]];
    }),
  );
  return {
    ...same,
    ...lists,
    ...(pattern === undefined ? {} : { pattern: pattern.source }),
    ...(items === undefined ? {} : { items: ruleSchema(items) }),
    ...(properties === undefined ? {} : { properties: schemasOf(Object.entries(properties)) }),
    ...(patternProperties === undefined
      ? {}
      : { patternProperties: schemasOf(patternProperties.map(([key, value]) => [key.source, value])) }),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: additionalProperties === false ? false : ruleSchema(additionalProperties) }),
    ...(notTogether === undefined ? {} : { not: { required: notTogether } }),
    ...(deprecated === undefined ? {} : { deprecated: true }),
  };
}

function schemasOf(rules: readonly (readonly [key: string, rule: Rule])[]): JsonSchema {
  return Object.fromEntries(rules.map(([key, rule]) => [key, ruleSchema(rule)]));
}
