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

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

/** `x-berth`: what Compose has no word for. */
export const berthExtension = recordOf<BerthExtension>({
  noun: 'x-berth',
  fields: {
    engine: plain(oneOf(['system', 'user'])),
    one_shot: truth,
    schedule: text,
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
