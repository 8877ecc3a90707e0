import type { HealthProbe, UpdateHealth } from '../host-config.ts';
import type { Draft } from '../host-draft.ts';
import { record } from '../record-shape.ts';
import { convert, list, oneOf, type Shape, textLike, words } from '../shape.ts';
import { webUrl } from '../value-shapes.ts';
import { secondsBetween } from './duration.ts';

const strict = { unknown: 'error' } as const;
const levels = ['required', 'wanted', 'baseline'] as const;
/** Below, a host cannot even start its services; above, nobody would wait. Seconds. */
const deadlineRange = { least: 60, most: 3600 };

const deadline = secondsBetween(deadlineRange);

const checkFields = record(
  {
    name: textLike(/^[a-z0-9][a-z0-9-]{0,31}$/, 'a short name, such as shop-answers'),
    level: oneOf(levels),
    http: webUrl,
    tcp: textLike(/^\S+:\d{1,5}$/, 'HOST:PORT'),
    command: words,
  },
  { ...strict, required: ['name'] },
);

const check: Shape<Draft<UpdateHealth>['checks'][number]> = convert(
  checkFields,
  ({ name, level = 'required', http, tcp, command }, place) => {
    const probes: Draft<HealthProbe>[] = [];
    if (http !== undefined) probes.push({ kind: 'http', url: http });
    if (tcp !== undefined) probes.push({ kind: 'tcp', ...hostAndPort(tcp) });
    if (command !== undefined) probes.push({ kind: 'command', command });
    const [probe] = probes;
    if (probe !== undefined && probes.length === 1) return { name, level, probe };
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

function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const end = text.lastIndexOf(':');
  return { host: text.slice(0, end).replace(/^\[(.*)\]$/, '$1'), port: Number(text.slice(end + 1)) };
}
