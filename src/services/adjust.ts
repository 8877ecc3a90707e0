import type { ServiceSpec } from '../config/service-spec.ts';

/** How an adjusting entry's value joins the catalogue's: maps by key, lists by identity, anything else replaces. */
const lists: Readonly<Record<string, (item: unknown) => string>> = {
  volumes: (item) => (item as { target: string }).target,
  ports: (item) => JSON.stringify(item),
  secrets: (item) => (item as { source: string }).source,
  configs: (item) => (item as { source: string }).source,
  cap_add: String,
  cap_drop: String,
  tmpfs: (item) => String(item).replace(/:.*/, ''),
  devices: (item) => (item as { target: string }).target,
};
const maps: ReadonlySet<string> = new Set([
  'environment',
  'labels',
  'networks',
  'depends_on',
  'sysctls',
  'ulimits',
  'x-berth',
  'logging',
  'healthcheck',
  'extra_hosts',
]);

/** A catalogue service with the user's entry of the same name laid over it. Pure. */
export function adjustService(base: ServiceSpec, over: ServiceSpec): ServiceSpec {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = result[key];
    const identify = lists[key];
    if (identify !== undefined && Array.isArray(before) && Array.isArray(value)) {
      result[key] = [
        ...new Map([...(before as unknown[]), ...(value as unknown[])].map((item) => [identify(item), item])).values(),
      ];
    } else if (maps.has(key) && isMap(before) && isMap(value)) {
      result[key] = { ...before, ...value };
    } else {
      result[key] = value;
    }
  }
  return result;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
