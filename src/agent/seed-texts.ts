import type { DatasourceResult } from '../datasource/datasource.ts';
import type { ConfigText } from './agent-service.ts';

/**
 * A datasource's documents as config texts, later ones over earlier ones: what the place knows of the machine, what its
 * operator wants on all machines, what the user wrote. Pure.
 */
export function seedTexts({ origin, metaData, vendorData, userData }: DatasourceResult): ConfigText[] {
  const { hostname, publicKeys } = metaData;
  const facts = {
    ...(hostname === undefined ? {} : { hostname }),
    ...(publicKeys.length === 0 ? {} : { ssh_authorized_keys: publicKeys }),
  };
  const texts: [string, string | undefined][] = [
    // JSON is YAML.
    ['meta-data', Object.keys(facts).length === 0 ? undefined : `#cloud-config\n${JSON.stringify(facts)}\n`],
    ['vendor-data', decode(vendorData)],
    ['user-data', decode(userData)],
  ];
  return texts.flatMap(([name, text]) => (text === undefined ? [] : [{ file: `${name} of ${origin}`, text }]));
}

/** Undefined for what is absent or blank: it declares nothing. */
function decode(bytes: Uint8Array | undefined): string | undefined {
  const text = bytes === undefined ? '' : Buffer.from(bytes).toString('utf8');
  return text.trim() === '' ? undefined : text;
}
