import { isMapping } from '../../config/shape.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { BerthError } from '../../core/errors.ts';
import { type Json, without } from '../cloud/parsed-seed.ts';
import type { ParsedSeed } from '../datasource.ts';
import { publicKeysOf, readMapping, textValue } from '../meta-data.ts';
import type { NetworkText, SeedDocuments } from '../seed-documents.ts';
import type { GuestValues } from '../seed-ports.ts';
import { seedProblem, textOf } from '../seed-problem.ts';
import { decodeValue } from './decode-value.ts';

/** A value that was there when the host was looked at. Throws DATASOURCE_UNREADABLE when it cannot be had: to go on would be to declare nothing. */
export async function guestDocument(guest: GuestValues, name: string, signal: AbortSignal): Promise<Uint8Array> {
  const text = await guest.read(name, signal);
  if (text !== undefined) return new TextEncoder().encode(text);
  throw new BerthError('DATASOURCE_UNREADABLE', `${name} was there, and cannot be read any more`);
}

/** A value by its name, decoded; undefined when there is none, or none that can be read, which is reported. Pure. */
export function guestValue(found: SeedDocuments, name: string, diagnostics: Diagnostic[]): Uint8Array | undefined {
  const text = guestText(found, name);
  if (text === undefined) return undefined;
  return decodeValue(name, text, guestText(found, `${name}.encoding`), diagnostics);
}

/** True for a value that says something: a lone `---` is what cloud-init leaves in the place of one that it has erased. Pure. */
export function isSaid(text: string): boolean {
  return text.trim() !== '' && text.trim() !== '---';
}

/** A value that says something. Pure. */
export function guestText(found: SeedDocuments, name: string): string | undefined {
  const bytes = found.get(name);
  const text = bytes === undefined ? '' : textOf(bytes);
  return isSaid(text) ? text : undefined;
}

/**
 * What the values `metadata` and `vendordata` say, as in cloud-init's datasource VMware (26.2), beside a config that was found.
 * Pure; never throws.
 */
export function parseGuestSeed(
  found: SeedDocuments,
  userData: Uint8Array | undefined,
  more: Json,
  diagnostics: Diagnostic[],
): ParsedSeed {
  const bytes = guestValue(found, 'metadata', diagnostics);
  const told =
    bytes === undefined ? {} : (readMapping('metadata', bytes, (diagnostic) => diagnostics.push(diagnostic)) ?? {});
  const meta = { ...more, ...told };
  for (const key of ['redact', 'cleanup-guestinfo']) {
    if (meta[key] === undefined) continue;
    const message = `"${key}" has no effect: this host asks for its config at every boot`;
    diagnostics.push(seedProblem('metadata', 'warning', 'unsupported', message, 'keep secrets out of the config'));
  }
  const instanceId = textValue(meta['instance-id']);
  const hostname = textValue(meta['local-hostname']) ?? textValue(meta['hostname']);
  const keys = ['public-keys-data', 'public_keys_data', 'public-keys', 'public_keys'].find((key) => key in meta);
  const vendorData = guestValue(found, 'vendordata', diagnostics);
  const networkConfig = networkOf(meta, diagnostics);
  return {
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(userData === undefined ? {} : { userData }),
    ...(vendorData === undefined ? {} : { vendorData }),
    metaData: {
      ...(hostname === undefined ? {} : { hostname }),
      publicKeys: publicKeysOf(keys === undefined ? undefined : meta[keys]),
      raw: without(meta, 'network', 'network.encoding'),
    },
    ...(networkConfig === undefined ? {} : { networkConfig }),
    diagnostics,
  };
}

/** A network configuration within the metadata: as it is, or as an encoded text. */
function networkOf(meta: Json, diagnostics: Diagnostic[]): NetworkText | undefined {
  const { network } = meta;
  if (isMapping(network)) return { text: JSON.stringify(network, null, 1), format: 'cloud-init' };
  const text = textValue(network);
  if (text === undefined) return undefined;
  const bytes = decodeValue('metadata', text, textValue(meta['network.encoding']), diagnostics);
  return bytes === undefined ? undefined : { text: textOf(bytes), format: 'cloud-init' };
}
