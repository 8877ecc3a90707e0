import type { Diagnostic } from '../../core/diagnostic.ts';
import { unescaped } from '../cloud/azure-ovf.ts';
import { seedProblem } from '../seed-problem.ts';
import { guestInfoNames, guestInfoPrefix } from './guest-value-names.ts';

/** Properties that cloud-init's datasource OVF reads besides, and the value of guestinfo that each is like. */
const plainProperties: Readonly<Record<string, string>> = {
  'user-data': 'userdata',
  'instance-id': 'instance-id',
  hostname: 'local-hostname',
  'local-hostname': 'local-hostname',
  'public-keys': 'public-keys',
  'network-config': 'network',
};

const refused: Readonly<Record<string, string>> = {
  password: 'give an SSH key, or a hash of the password in the user-data',
  seedfrom: 'put the config itself into "user-data"',
};

/** What an OVF environment says that concerns a config. */
export interface OvfProperties {
  /** As values of guestinfo, without the prefix. */
  readonly values: ReadonlyMap<string, string>;
  /** What metadata would say. */
  readonly meta: Readonly<Record<string, string>>;
}

/**
 * Reads an OVF environment (DMTF DSP0243): `<Property oe:key="…" oe:value="…"/>`. Properties may have the names of guestinfo's
 * values, and cloud-init's. Pure; never throws.
 */
export function ovfProperties(xml: string, diagnostics: Diagnostic[]): OvfProperties {
  const values = new Map<string, string>();
  const meta: Record<string, string> = {};
  for (const [key, value] of allProperties(xml)) {
    if (value.trim() === '') continue;
    const name = key.startsWith(guestInfoPrefix) ? key.slice(guestInfoPrefix.length) : undefined;
    const plain = Object.hasOwn(plainProperties, key) ? plainProperties[key] : undefined;
    if (name !== undefined && guestInfoNames.includes(name)) values.set(name, value);
    else if (plain === 'userdata') values.set('userdata', value).set('userdata.encoding', 'base64');
    else if (plain === 'network') Object.assign(meta, { network: value, 'network.encoding': 'base64' });
    else if (plain !== undefined) meta[plain] = value;
    else if (Object.hasOwn(refused, key))
      diagnostics.push(seedProblem('ovfEnv', 'warning', 'unsupported', `"${key}" has no effect`, refused[key]));
  }
  return { values, meta };
}

/** True when something of it concerns a config: other vApps' properties are for other programs. Pure. */
export function isOvfSeed(xml: string): boolean {
  const { values, meta } = ovfProperties(xml, []);
  return values.size > 0 || Object.keys(meta).length > 0;
}

function allProperties(xml: string): (readonly [string, string])[] {
  const elements = [...xml.matchAll(/<(?:[\w-]+:)?Property\s(?:"[^"]*"|'[^']*'|[^>"'])*>/g)];
  return elements.map(([element]) => [attribute(element, 'key'), attribute(element, 'value')] as const);
}

function attribute(element: string, name: string): string {
  const found = new RegExp(`\\s(?:[\\w-]+:)?${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(element);
  return unescaped(found?.[1] ?? found?.[2] ?? '');
}
