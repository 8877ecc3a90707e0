import { BerthError } from '../errors.ts';

/** One field of a cron expression: its name in messages, its bounds, and the names it accepts for numbers. */
export interface CronField {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
  /** Day of week: 7 is another word for this value. */
  readonly seven?: number;
  /** Day of month: `L` is the last day. */
  readonly last?: boolean;
  /** `?` stands for `*` (the two day fields). */
  readonly question?: boolean;
  /** A range from a value round to itself is the whole cycle: `Sun-Sun`. Elsewhere `5-5` is 5. */
  readonly cycle?: boolean;
}

export interface FieldValues {
  /** Ascending, without duplicates. */
  readonly values: readonly number[];
  /** Written as `*` or `?` without a step: leaves the choice of the day to the other day field. */
  readonly star: boolean;
  /** Day of month only: also the last day, whichever that is. */
  readonly lastDay: boolean;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** The six fields in the order they are written; the first is left out of a five-field expression. */
export const cronFields = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31, last: true, question: true },
  { name: 'month', min: 1, max: 12, names: months, cycle: true },
  { name: 'day of week', min: 0, max: 6, names: days, seven: 0, question: true, cycle: true },
] as const satisfies readonly CronField[];

/**
 * The values of one field: a list of `*`, `a`, `a-b`, each with an optional `/step`; `a/n` runs from `a` to the field's
 * end. A range may wrap (`Nov-Mar`, `22-3`). Throws CONFIG_INVALID naming the part, the field and the expression.
 */
export function parseField(text: string, field: CronField, expression: string): FieldValues {
  const values = new Set<number>();
  let star = false;
  let lastDay = false;
  for (const part of text.split(',')) {
    const parsed = parsePart(part, field, expression);
    star ||= parsed.star;
    lastDay ||= parsed.lastDay;
    for (const value of parsed.values) values.add(value);
  }
  return { values: [...values].sort((a, b) => a - b), star, lastDay };
}

function parsePart(part: string, field: CronField, expression: string): FieldValues {
  const refuse = (why: string): never => {
    throw invalidCron(expression, `"${part}" in the ${field.name} field: ${why}`);
  };
  const [range = '', stepText, ...moreSteps] = part.split('/');
  if (moreSteps.length > 0) refuse('more than one "/"');
  const step = stepText === undefined ? 1 : wholeNumber(stepText);
  if (step === undefined || step === 0) return refuse('the step must be a whole number from 1');

  if (range === '*' || (range === '?' && field.question === true)) {
    return { values: stepped(field.min, field.max, step, field), star: step === 1, lastDay: false };
  }
  const [first = '', second, ...moreEnds] = range.split('-');
  if (moreEnds.length > 0) refuse('more than one "-"');
  if (field.last === true && first.toLowerCase() === 'l') {
    if (second !== undefined || stepText !== undefined) refuse('"L" stands alone or ends a range');
    return { values: [], star: false, lastDay: true };
  }

  const value = (text: string): number => {
    const named = field.names?.indexOf(text.toLowerCase()) ?? -1;
    const number = named >= 0 ? named + field.min : wholeNumber(text);
    if (number === undefined) return refuse(unreadable(text, field));
    if (field.seven !== undefined && number === 7) return field.seven;
    if (number < field.min) return refuse(`${number} is below ${field.min}`);
    if (number > field.max) return refuse(`${number} is above ${field.max}`);
    return number;
  };
  const from = value(first);
  if (second === undefined) {
    return {
      values: stepped(from, stepText === undefined ? from : field.max, step, field),
      star: false,
      lastDay: false,
    };
  }
  const to = field.last === true && second.toLowerCase() === 'l' ? field.max : value(second);
  const whole = from === to && field.cycle === true;
  // A wrapped range ends in the next turn of the cycle.
  const end = to < from || whole ? to + cycleLength(field) - (whole ? 1 : 0) : to;
  return { values: stepped(from, end, step, field), star: false, lastDay: false };
}

function stepped(from: number, to: number, step: number, field: CronField): number[] {
  const values: number[] = [];
  for (let value = from; value <= to; value += step) {
    values.push(value > field.max ? value - cycleLength(field) : value);
  }
  return values;
}

function cycleLength(field: CronField): number {
  return field.max - field.min + 1;
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function unreadable(text: string, field: CronField): string {
  if (text === '') return 'a value is missing';
  const names = field.names === undefined ? '' : ` or ${field.names[0] ?? ''}-${field.names.at(-1) ?? ''}`;
  return `"${text}" is not ${field.min}-${field.max}${names}`;
}

/** The error of an expression that cannot be read. */
export function invalidCron(expression: string, why: string): BerthError {
  return new BerthError('CONFIG_INVALID', `cron expression "${expression}": ${why}`, { details: { expression } });
}
