import type { Place } from '../../../place.ts';
import type { Shape } from '../spec/shape.ts';
import type { Traced } from '../traced.ts';
import type { GoNode, GoScalar } from './node.ts';
import { type Resolved, resolveScalar } from './resolve.ts';

/** True for what go-yaml takes for nothing. */
export function isNull(node: GoNode): boolean {
  const target = node.kind === 'alias' ? node.target : node;
  return target.kind === 'scalar' && resolveScalar(target).kind === 'null';
}

/** A key as text; undefined when it is none. */
export function keyText(key: GoNode, place: Place): string | undefined {
  const node = key.kind === 'alias' ? key.target : key;
  if (node.kind !== 'scalar') {
    place.error('key-not-text', 'a key must be text; this mapping has a list or a mapping as one');
    return undefined;
  }
  const resolved = resolveScalar(node);
  if (resolved.kind === 'unreadable') place.error('wrong-type', `the key "${node.text}" ${resolved.reason}`);
  if (resolved.kind === 'null') place.warn('empty-value', 'a key is empty, so its value is left out');
  return resolved.kind === 'null' || resolved.kind === 'unreadable' ? undefined : node.text;
}

/** A scalar as the type that the spec wants; what does not fit is reported. */
export function readScalar(node: GoScalar, shape: Shape, place: Place): Traced | undefined {
  const resolved = resolveScalar(node);
  if (resolved.kind === 'null') return undefined;
  if (resolved.kind === 'unreadable') {
    place.error('wrong-type', `"${shorten(node.text)}" ${resolved.reason}`);
    return undefined;
  }
  const value = scalarFor(shape, node, resolved);
  if (value === undefined) return mismatch(shape, describe(node, resolved), place);
  return { kind: 'scalar', value, from: place.path };
}

function scalarFor(shape: Shape, node: GoScalar, resolved: Resolved): string | number | boolean | undefined {
  switch (shape.kind) {
    case 'text':
      return resolved.kind === 'text' ? resolved.text : node.text;
    case 'whole':
      if (resolved.kind !== 'number' || !(resolved.value < 2 ** 63)) return undefined;
      return Math.trunc(resolved.value) + 0;
    case 'truth':
      if (resolved.kind === 'truth') return resolved.value;
      if (resolved.kind !== 'text') return undefined;
      return truthWords.get(resolved.text);
    default:
      return undefined;
  }
}

const truthWords = new Map<string, boolean>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
]);

const shapeNames = {
  text: 'text',
  whole: 'a whole number',
  truth: 'true or false',
  list: 'a list',
  texts: 'a mapping of texts',
  record: 'a mapping',
} as const satisfies Record<Shape['kind'], string>;

/** Reports a value of another type. */
export function mismatch(shape: Shape, found: string, place: Place): Traced | undefined {
  place.error('wrong-type', `expected ${shapeNames[shape.kind]}, found ${found}`);
  return undefined;
}

function describe({ text }: GoScalar, { kind }: Resolved): string {
  return kind === 'number' ? `the number ${text}` : kind === 'truth' ? text : `"${shorten(text)}"`;
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
