import { parseDuration } from '../compose/units.ts';
import { convert, describeValue, type Shape, text } from '../shape.ts';

/** A length of time that is positive, as it is written: `90m`. */
export const duration: Shape<string> = convert(text, (value, place) => {
  try {
    if (parseDuration(value) > 0) return value;
  } catch {
    // Reported below, as a duration that is not positive is.
  }
  place.error('invalid-value', `${describeValue(value)} is not a duration`, 'for example 2h or 90m');
  return undefined;
});

/** {@link duration} in seconds. */
export const durationSeconds: Shape<number> = convert(duration, (value) => parseDuration(value) / 1e9);

/** {@link durationSeconds} within bounds, which are seconds, too. */
export function secondsBetween({ least, most }: { readonly least: number; readonly most: number }): Shape<number> {
  return convert(durationSeconds, (seconds, place) => {
    if (seconds >= least && seconds <= most) return seconds;
    place.error('invalid-value', `${seconds} seconds is not between ${least} and ${most}`);
    return undefined;
  });
}
