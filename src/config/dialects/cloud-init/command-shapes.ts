import type { CommandConfig, PowerConfig } from '../../commands-config.ts';
import { phoneHomeFields } from '../../commands-config.ts';
import { warnOfMissingProgram } from '../../missing-programs.ts';
import type { Place } from '../../place.ts';
import { record } from '../../record-shape.ts';
import {
  convert,
  describeValue,
  either,
  list,
  natural,
  nothing,
  oneOf,
  type Shape,
  text,
  textLike,
  truth,
} from '../../shape.ts';
import { webUrl } from '../../value-shapes.ts';

/** An argument as a program gets it. Text is wanted; what else has a plain text is reported, and passed on as such. */
const argument: Shape<string> = {
  name: 'text',
  schema: { type: 'string' },
  accepts: () => true,
  read(value, place) {
    if (typeof value === 'string') return value;
    place.error('wrong-type', `expected text, found ${describeValue(value)}`, 'quote the value: it is meant as text');
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
  },
};

const command = convert(either(text, list(argument)), (value, place): CommandConfig | undefined => {
  if (value.length === 0 && typeof value !== 'string') {
    place.error('invalid-value', 'is an empty list, so there is nothing to run');
    return undefined;
  }
  const given: CommandConfig =
    typeof value === 'string' ? { kind: 'shell', text: value } : { kind: 'program', args: value };
  warnOfMissingProgram(given, place);
  return given;
});

/** A list that cloud-init's schema wants to have something in it. */
function filled<T>(shape: Shape<T[]>): Shape<T[]> {
  return convert(
    shape,
    (items: T[], place: Place) => {
      if (items.length === 0) place.error('invalid-value', 'is an empty list, so there is nothing to run');
      return items;
    },
    { minItems: 1 },
  );
}

/** `bootcmd`. Source of these shapes: cloud-init's schema-cloud-config-v1.json, version 26.2. */
export const earlyCommands = filled(list(command));

/** `runcmd`: as `bootcmd`, and an empty entry is passed over. */
export const lateCommands = convert(filled(list(either(command, nothing))), (items) =>
  items.filter((item) => item !== null),
);

const delay = convert(
  either(natural, textLike(/^(\+?[0-9]+|now)$/, 'a number of minutes or "now"')),
  (value, place): number => {
    if (value === 'now') return 0;
    if (typeof value === 'string')
      place.warn('deprecated', 'the delay is text; cloud-init wants a number of minutes, or "now"', undefined, 'value');
    return Number(value);
  },
);

const anything: Shape<unknown> = { name: 'anything', schema: {}, accepts: () => true, read: (value) => value };

const condition = convert(
  either(either(text, truth), list(anything)),
  (value, place): PowerConfig['condition'] | undefined => {
    if (typeof value === 'boolean') return value;
    if (typeof value === 'string') return { kind: 'shell', text: value };
    const args = value.filter((arg) => arg !== null).map(String);
    if (args.length > 0) return { kind: 'program', args };
    place.error('invalid-value', 'is an empty list, so there is no condition');
    return undefined;
  },
);

/** `power_state`. */
export const powerState = convert(
  record(
    {
      mode: oneOf(['poweroff', 'reboot', 'halt']),
      delay,
      message: text,
      timeout: natural,
      condition,
    },
    { required: ['mode'], unknown: 'error' },
  ),
  (value): PowerConfig => ({
    mode: value.mode,
    delayMinutes: value.delay ?? 0,
    ...(value.message === undefined ? {} : { message: value.message }),
    timeoutSeconds: value.timeout ?? 30,
    condition: value.condition ?? true,
  }),
);

/** `phone_home`. */
export const phoneHome = convert(
  record(
    { url: webUrl, post: either(oneOf(['all']), list(oneOf(phoneHomeFields))), tries: natural },
    { required: ['url'], unknown: 'error' },
  ),
  ({ url, post, tries }) => ({
    url,
    post: post === undefined || post === 'all' ? [...phoneHomeFields] : post,
    tries: tries ?? 10,
  }),
);

/** `vendor_data`, `vendor_data2`. */
export const vendorData = record(
  {
    enabled: either(truth, text),
    prefix: convert(either(text, list(either(text, natural))), (value) =>
      typeof value === 'string' ? [value] : value.map(String),
    ),
  },
  { unknown: 'error' },
);

/** `ssh_import_id`: `gh:NAME` (GitHub), `lp:NAME` or `NAME` (Launchpad). */
export const importedKeys = list(
  textLike(/^((gh|lp):)?[A-Za-z0-9][\w.+-]*$/, 'gh:NAME (GitHub), lp:NAME or NAME (Launchpad)'),
);
