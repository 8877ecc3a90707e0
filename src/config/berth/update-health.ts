import type { HealthProbe, UpdateHealth } from '../host-config.ts';
import type { Draft } from '../host-draft.ts';
import { record } from '../record-shape.ts';
import { convert, list, oneOf, placed, type Shape, textLike, words } from '../shape.ts';
import { webUrl } from '../value-shapes.ts';
import { secondsBetween } from './duration.ts';
import { ownCheckNames } from './own-checks.ts';

const strict = { unknown: 'error' } as const;
const levels = ['required', 'wanted', 'baseline'] as const;
/** Below, a host cannot even start its services; above, nobody would wait. Seconds. */
const deadlineRange = { least: 60, most: 3600 };

const deadline = secondsBetween(deadlineRange);

const checkName: Shape<string> = convert(
  textLike(/^[a-z0-9][a-z0-9-]{0,31}$/, 'a short name, such as shop-answers'),
  (value, place) => {
    const own: readonly string[] = ownCheckNames;
    if (!own.includes(value)) return value;
    place.error('invalid-value', `"${value}" is a check that every host makes by itself`, 'give it a name of its own');
    return undefined;
  },
  { not: { enum: ownCheckNames } },
);

/** A program and its arguments. */
const command: Shape<string[]> = {
  ...words,
  schema: {
    anyOf: [
      { type: 'array', items: { type: 'string' }, contains: { type: 'string', pattern: '\\S' } },
      { type: 'string', pattern: '[^\\s,]' },
    ],
  },
  read(value, place) {
    const read = words.read(value, place);
    if (read === undefined || read.length > 0) return read;
    // Words of another type were told of already.
    if (!Array.isArray(value) || value.every((one) => typeof one === 'string'))
      place.error('invalid-value', 'names no command');
    return undefined;
  },
};

/** From 1 to 65535. */
const port = '([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])';

const checkFields = record(
  {
    name: checkName,
    level: oneOf(levels),
    http: placed(webUrl),
    tcp: placed(textLike(new RegExp(`^\\S+:${port}$`), 'HOST:PORT, with a port from 1 to 65535')),
    command: placed(command),
  },
  { ...strict, required: ['name'] },
);

const check: Shape<Draft<UpdateHealth>['checks'][number]> = convert(
  checkFields,
  ({ name, level = 'required', http, tcp, command }, place) => {
    const given = [http, tcp, command].filter((one) => one !== undefined);
    const probe = probeOf(http?.value, tcp?.value, command?.value);
    if (given.length === 1) return probe === undefined ? undefined : { name, level, probe };
    place.error('invalid-value', `"${name}" needs one of http, tcp and command, and no more than one`);
    return undefined;
  },
);

const fields = record({ deadline, checks: list(check) }, strict);

/** `berth.update.health`. */
export const healthShape: Shape<Draft<UpdateHealth>> = convert(
  fields,
  ({ deadline: deadlineSeconds, checks = [] }, place) => {
    const names = checks.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) place.child('checks').error('invalid-value', `two checks are called "${twice}"`);
    return { checks, ...(deadlineSeconds === undefined ? {} : { deadlineSeconds }) };
  },
);

function probeOf(
  http: string | undefined,
  tcp: string | undefined,
  words: string[] | undefined,
): Draft<HealthProbe> | undefined {
  if (http !== undefined) return { kind: 'http', url: http };
  if (tcp !== undefined) return { kind: 'tcp', ...hostAndPort(tcp) };
  return words === undefined ? undefined : { kind: 'command', command: words };
}

function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const end = text.lastIndexOf(':');
  return { host: text.slice(0, end).replace(/^\[(.*)\]$/, '$1'), port: Number(text.slice(end + 1)) };
}
