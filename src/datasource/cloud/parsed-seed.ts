import { isMapping } from '../../config/shape.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import type { ParsedSeed } from '../datasource.ts';
import { publicKeysOf, textValue } from '../meta-data.ts';
import type { NetworkText, SeedDocuments } from '../seed-documents.ts';
import { seedProblem, textOf } from '../seed-problem.ts';

export type Json = Readonly<Record<string, unknown>>;

/** What a cloud's documents were found to say; what is undefined, null or blank was not said. */
export interface SeedParts {
  readonly instanceId: unknown;
  readonly hostname?: unknown;
  /** Anything that {@link publicKeysOf} reads. */
  readonly publicKeys?: unknown;
  readonly availabilityZone?: unknown;
  readonly userData?: Uint8Array | undefined;
  readonly vendorData?: Uint8Array | undefined;
  readonly networkConfig?: NetworkText | undefined;
  /** All that the platform says of this machine, but no secrets. */
  readonly raw: Json;
  readonly diagnostics?: readonly Diagnostic[];
}

/** The kernel's longest. */
const longestHostname = 64;

/** The seed that is made of these parts. Pure. */
export function parsedSeed({ raw, diagnostics = [], publicKeys, ...parts }: SeedParts): ParsedSeed {
  const instanceId = textValue(parts.instanceId);
  const hostname = textValue(parts.hostname)?.replace(/\.$/, '');
  const availabilityZone = textValue(parts.availabilityZone);
  const { userData, vendorData, networkConfig } = parts;
  const missing = instanceId === undefined ? [seedProblem('meta-data', 'error', 'empty', 'has no instance id')] : [];
  return {
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(userData === undefined || userData.length === 0 ? {} : { userData }),
    ...(vendorData === undefined || vendorData.length === 0 ? {} : { vendorData }),
    metaData: {
      ...(hostname === undefined ? {} : { hostname: fitting(hostname) }),
      publicKeys: [...new Set(publicKeysOf(publicKeys))],
      ...(availabilityZone === undefined ? {} : { availabilityZone }),
      raw,
    },
    ...(networkConfig === undefined ? {} : { networkConfig }),
    diagnostics: [...diagnostics, ...missing],
  };
}

function fitting(hostname: string): string {
  return hostname.length <= longestHostname ? hostname : (hostname.split('.')[0] ?? '').slice(0, longestHostname);
}

/** A document that is a JSON object; an empty one in its place when it is none, which is reported. Pure. */
export function jsonOf(found: SeedDocuments, name: string, diagnostics: Diagnostic[]): Json {
  const bytes = found.get(name);
  if (bytes === undefined) return {};
  try {
    const value = JSON.parse(textOf(bytes)) as unknown;
    if (isMapping(value)) return value;
    diagnostics.push(seedProblem(name, 'error', 'wrong-type', 'is not a JSON object'));
  } catch {
    diagnostics.push(seedProblem(name, 'error', 'not-json', 'is not JSON'));
  }
  return {};
}

/** The text of a document, without blanks around it. Pure. */
export function wordOf(found: SeedDocuments, name: string): string | undefined {
  const bytes = found.get(name);
  return bytes === undefined ? undefined : textValue(textOf(bytes));
}

/** A text within a document that stands for a document of its own. Pure. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' && value !== '' ? new TextEncoder().encode(value) : undefined;
}

/** The same in base64. Pure. */
export function decoded(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' && value !== '' ? new Uint8Array(Buffer.from(value, 'base64')) : undefined;
}

/** The mapping at a path of mappings; an empty one when there is none. Pure. */
export function at(value: unknown, ...path: readonly string[]): Json {
  let current = value;
  for (const key of path) current = isMapping(current) ? current[key] : undefined;
  return isMapping(current) ? current : {};
}

/** The mappings in a list. Pure. */
export function mappings(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isMapping) : [];
}

/** A copy without some keys. Pure. */
export function without(value: Json, ...keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}
