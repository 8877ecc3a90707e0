import { parseDuration } from '../compose/units.ts';
import type { UpdateWindow } from '../host-config.ts';
import type { Draft } from '../host-draft.ts';
import { record } from '../record-shape.ts';
import { convert, describeValue, list, oneOf, type Shape, textLike } from '../shape.ts';
import { timeZone } from '../value-shapes.ts';
import { duration } from './duration.ts';

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const minute = 60e9;
/** Nanoseconds. A shorter one is over while users are warned and hooks run; a longer one would meet the next. */
const durationRange = { least: 5 * minute, most: 24 * 60 * minute };

const length = convert(duration, (value, place) => {
  const nanoseconds = parseDuration(value);
  if (nanoseconds >= durationRange.least && nanoseconds <= durationRange.most) return value;
  place.error('invalid-value', `${describeValue(value)} is not between 5m and 24h`);
  return undefined;
});

const fields = record(
  {
    days: list(oneOf(weekdays)),
    start: textLike(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day, such as 03:30'),
    duration: length,
    timezone: timeZone,
  },
  { unknown: 'error', required: ['start', 'duration'] },
);

/** A window whose zone may be that of all of `berth.update`. */
type WindowKeys = Omit<Draft<UpdateWindow>, 'timezone'> & { timezone?: string };

/** `berth.update.window`: every day unless it says otherwise. */
export const windowShape: Shape<WindowKeys> = convert(fields, ({ days = [...weekdays], ...others }, place) => {
  if (days.length > 0) return { days, ...others };
  // Not every day instead: whoever names days does not want the others.
  place.child('days').error('invalid-value', 'names no day', 'leave "days" out for every day');
  return undefined;
});
