import { configShape } from './config.ts';
import type { Shape } from './shape.ts';
import { type Spec, specs } from './variants.ts';

type Keys = ReadonlyMap<string, ReadonlySet<string>>;

/** The keys of every record of each spec that was asked for; specs never change. */
const keysOf = new Map<Spec, Keys>();

/** Which later version of a spec's variant, or else which other variant, has a key in a record; undefined when none has. */
export function knownElsewhere(spec: Spec, recordName: string, key: string): string | undefined {
  const has = (other: Spec): boolean => keysIn(other).get(recordName)?.has(key) === true;
  const own = specs.filter(({ variant }) => variant === spec.variant);
  const later = own.slice(own.indexOf(spec) + 1).find(has);
  if (later !== undefined) return `version ${later.version} has it`;
  const other = specs.find(has);
  return other === undefined ? undefined : `the variant ${other.variant} has it, ${spec.variant} has not`;
}

function keysIn(spec: Spec): Keys {
  const known = keysOf.get(spec);
  if (known !== undefined) return known;
  const keys = new Map<string, Set<string>>();
  const visit = (shape: Shape): void => {
    if (shape.kind === 'list') visit(shape.item);
    if (shape.kind !== 'record') return;
    const mine = keys.get(shape.name) ?? new Set();
    keys.set(shape.name, mine);
    for (const field of shape.fields) {
      mine.add(field.key);
      visit(field.shape);
    }
  };
  visit(configShape(spec));
  keysOf.set(spec, keys);
  return keys;
}
