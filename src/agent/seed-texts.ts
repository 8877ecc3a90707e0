import type { DatasourceResult } from '../datasource/datasource.ts';
import type { ConfigText } from './agent-service.ts';

/**
 * What the place gives a machine, as config texts: what it knows of it (name, keys), then what its operator wants on all
 * machines. Whatever is applied goes over these, so that nobody locks themselves out by leaving them out. Pure.
 */
export function placeTexts({ origin, metaData, vendorData }: DatasourceResult): ConfigText[] {
  const { hostname, publicKeys } = metaData;
  const facts = {
    ...(hostname === undefined ? {} : { hostname }),
    ...(publicKeys.length === 0 ? {} : { ssh_authorized_keys: publicKeys }),
  };
  // JSON is YAML.
  const known = Object.keys(facts).length === 0 ? '' : `#cloud-config\n${JSON.stringify(facts)}\n`;
  return [...textOf('meta-data', origin, known), ...textOf('vendor-data', origin, decode(vendorData))];
}

/** What the user wrote, as config texts. Pure. */
export function userTexts({ origin, userData }: DatasourceResult): ConfigText[] {
  return textOf('user-data', origin, decode(userData));
}

/** A blank text declares nothing. */
function textOf(layer: NonNullable<ConfigText['layer']>, origin: string, text: string): ConfigText[] {
  return text.trim() === '' ? [] : [{ file: `${layer} of ${origin}`, text, layer }];
}

function decode(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : Buffer.from(bytes).toString('utf8');
}
