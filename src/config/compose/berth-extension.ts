import { messageOf } from '../../core/errors.ts';
import { isTimeZone, parseCron } from '../../core/schedule/cron.ts';
import { didYouMean } from '../near-miss.ts';
import { describeValue, oneOf } from '../shape.ts';
import { type ComposeShape, converted, plain } from './compose-shape.ts';
import { recordOf } from './record-of.ts';
import { duration, text, truth } from './scalar-shapes.ts';
import type { BerthExtension } from './types.ts';

/** An IANA time zone name. */
const timeZone: ComposeShape<string> = converted(
  text,
  (value, place) => {
    if (isTimeZone(value)) return value;
    const near = didYouMean(value, Intl.supportedValuesOf('timeZone'));
    place.error(
      'invalid-value',
      `${describeValue(value)} is not a time zone`,
      near ?? 'write an IANA name such as Europe/Berlin',
    );
    return undefined;
  },
  (value) => value,
);

/** A cron expression of five fields, or a macro such as `@daily`. */
const schedule: ComposeShape<string> = converted(
  text,
  (value, place) => {
    try {
      parseCron(value);
      return value;
    } catch (error) {
      place.error(
        'invalid-value',
        messageOf(error),
        'minute hour day-of-month month day-of-week: "30 4 * * *" is half past four',
      );
      return undefined;
    }
  },
  (value) => value,
);

/** `x-berth`: what Compose has no word for. */
export const berthExtension = recordOf<BerthExtension>({
  noun: 'x-berth',
  fields: {
    engine: plain(oneOf(['system', 'user'])),
    one_shot: truth,
    schedule,
    timezone: timeZone,
    overlap: plain(oneOf(['skip', 'replace', 'allow'])),
    essential: truth,
    critical: truth,
    disposable: truth,
    update: plain(oneOf(['replace', 'delete-then-create', 'hand-over'])),
    settle: duration,
  },
  isClosed: true,
  check({ schedule, timezone, overlap }, place) {
    if (schedule !== undefined) return;
    const idle = [...(timezone === undefined ? [] : ['timezone']), ...(overlap === undefined ? [] : ['overlap'])];
    for (const key of idle)
      place.child(key).warn('unsupported', `"${key}" has no effect without "schedule"`, 'add "schedule"', 'key');
  },
});
