/** A JSON value with its place in the text; `start` and `end` are offsets. */
export type JsonNode =
  | { readonly kind: 'object'; readonly start: number; readonly end: number; readonly members: readonly JsonMember[] }
  | { readonly kind: 'list'; readonly start: number; readonly items: readonly JsonNode[] }
  | { readonly kind: 'scalar'; readonly start: number; readonly value: string | number | boolean | null | OddNumber };

/** Members stand in the order of the text, also those of one name. */
export interface JsonMember {
  readonly key: string;
  readonly keyStart: number;
  readonly value: JsonNode;
}

/** A number that is no 64-bit integer: a fraction, an exponent, or one that is too large. */
export class OddNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** An object with a name that stands more than once. */
export class RepeatedMembers {
  readonly entries: readonly (readonly [string, unknown])[];

  constructor(entries: readonly (readonly [string, unknown])[]) {
    this.entries = entries;
  }
}

/** The members of an object of plain data, in order; undefined when the value is no object. */
export function membersOf(value: unknown): readonly (readonly [string, unknown])[] | undefined {
  if (value instanceof RepeatedMembers) return value.entries;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && !(value instanceof OddNumber) ? Object.entries(value) : undefined;
}

/** Plain data of a node; an {@link OddNumber} and {@link RepeatedMembers} where plain data would lose something. */
export function dataOf(node: JsonNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(dataOf);
  const entries = node.members.map(({ key, value }) => [key, dataOf(value)] as const);
  const isPlain = new Set(entries.map(([key]) => key)).size === entries.length;
  // fromEntries defines own properties: a key `__proto__` stays a key.
  return isPlain ? Object.fromEntries(entries) : new RepeatedMembers(entries);
}
