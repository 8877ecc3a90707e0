/** How large a document may be. */
export interface DocumentLimits {
  readonly nodes: number;
  readonly depth: number;
}

/** YAML takes a key on one line with its colon within 1024 characters, escapes included (YAML 1.2.2, 7.4.2). */
const maxKeyLength = 128;

/**
 * The value of a text that is a JSON object after its comment lines, as tools write configs; found several times quicker than
 * by a YAML parser. Undefined when it is no such text, or may mean something else as YAML 1.1: with keys that stand twice, tabs,
 * fractions, exponents or integers that are not exact. Pure.
 */
export function plainJson(text: string, limits: DocumentLimits): Record<string, unknown> | undefined {
  const body = text.replace(/^\ufeff?(?:[ \r\n]*#[^\n]*\n)*/, '');
  if (!body.startsWith('{') || body.includes('\t')) return undefined;
  const bare = body.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  if (/\d[.eE]|-0|\d{16}/.test(bare)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  const measure = new Measure(limits);
  // A key that stands twice is there once in the value.
  const isSame = measure.take(value, 0) && measure.keys === (bare.match(/""\s*:/g)?.length ?? 0);
  return isSame ? (value as Record<string, unknown>) : undefined;
}

class Measure {
  keys = 0;
  readonly #limits: DocumentLimits;
  #nodes = 0;

  constructor(limits: DocumentLimits) {
    this.#limits = limits;
  }

  /** @returns false when it is too large. */
  take(value: unknown, depth: number): boolean {
    this.#nodes += 1;
    if (this.#nodes > this.#limits.nodes || depth > this.#limits.depth) return false;
    if (typeof value !== 'object' || value === null) return true;
    if (Array.isArray(value)) return value.every((item) => this.take(item, depth + 1));
    const entries = Object.entries(value);
    this.keys += entries.length;
    return entries.every(([key, item]) => key.length <= maxKeyLength && this.take(item, depth + 1));
  }
}
