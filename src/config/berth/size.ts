import { parseBytes } from '../compose/units.ts';
import { convert, describeValue, either, natural, type Shape, text } from '../shape.ts';

/** A size in bytes: a number of them, or text with a unit (`10g`). */
export const size: Shape<number> = convert(either(text, natural), (value, place) => {
  if (typeof value === 'number') return value;
  try {
    return parseBytes(value);
  } catch {
    place.error('invalid-value', `${describeValue(value)} is not a size`, 'for example 10g or 500mb');
    return undefined;
  }
});
