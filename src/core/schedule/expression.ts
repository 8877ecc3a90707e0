import { cronFields, type FieldValues, invalidCron, parseField } from './field.ts';

/** A parsed cron expression: plain data, lists ascending. */
export interface CronSchedule {
  readonly expression: string;
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  /** The last day of the month, besides `daysOfMonth`. */
  readonly lastDayOfMonth: boolean;
  /** 1 to 12. */
  readonly months: readonly number[];
  /** 0 (Sunday) to 6. */
  readonly daysOfWeek: readonly number[];
  /** Both day fields restricted: a day matching either of them counts (POSIX crontab). Otherwise it must match both. */
  readonly dayRule: 'either' | 'both';
  /**
   * What becomes of a time that the clock jumps over in spring: `late` runs it once when the jump is over, so that a
   * nightly job is not lost; `skip` does not run it.
   */
  readonly jumpedOver: 'late' | 'skip';
}

const macros: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/**
 * Reads a cron expression: minute, hour, day of month, month, day of week, with a seconds field before them when there
 * are six; or a macro such as `@daily`. Names, lists, ranges, steps, `?`, 7 for Sunday and `L` for the last day of the
 * month as in POSIX crontab, robfig/cron and croniter. Throws CONFIG_INVALID.
 *
 * @param options.seconds true: six fields wanted; false: five; absent: both accepted.
 */
export function parseCron(expression: string, options: { readonly seconds?: boolean } = {}): CronSchedule {
  const trimmed = expression.trim();
  const fields = (trimmed.startsWith('@') ? expandMacro(trimmed) : trimmed).split(/\s+/);
  const withSeconds = fields.length === cronFields.length;
  checkCount(expression, trimmed, fields.length, options.seconds);

  const texts = withSeconds ? fields : ['0', ...fields];
  const read = (index: 0 | 1 | 2 | 3 | 4 | 5): FieldValues =>
    parseField(texts[index] ?? '', cronFields[index], expression);
  const [seconds, minutes, hours] = [read(0), read(1), read(2)];
  const [daysOfMonth, months, daysOfWeek] = [read(3), read(4), read(5)];
  // An hourly job has its next hour anyway; and one written to the second asks for that very second or nothing.
  const everyHour = hours.values.length === 24;
  return {
    expression,
    seconds: seconds.values,
    minutes: minutes.values,
    hours: hours.values,
    daysOfMonth: daysOfMonth.values,
    lastDayOfMonth: daysOfMonth.lastDay,
    months: months.values,
    daysOfWeek: daysOfWeek.values,
    dayRule: daysOfMonth.star || daysOfWeek.star ? 'both' : 'either',
    jumpedOver: withSeconds || everyHour ? 'skip' : 'late',
  };
}

function expandMacro(macro: string): string {
  const expanded = macros[macro.toLowerCase()];
  if (expanded === undefined) throw invalidCron(macro, `unknown macro; there are ${Object.keys(macros).join(', ')}`);
  return expanded;
}

function checkCount(expression: string, trimmed: string, count: number, seconds: boolean | undefined): void {
  if (trimmed.startsWith('@')) return;
  if (trimmed === '') throw invalidCron(expression, 'is empty');
  if (/^(CRON_)?TZ=/.test(trimmed)) throw invalidCron(expression, 'the time zone has a key of its own, "timezone"');
  const wanted = seconds === undefined ? [5, 6] : [seconds ? 6 : 5];
  if (!wanted.includes(count)) {
    throw invalidCron(expression, `has ${count} field${count === 1 ? '' : 's'}, not ${wanted.join(' or ')}`);
  }
}
