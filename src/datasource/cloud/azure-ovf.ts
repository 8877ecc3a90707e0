import { textOf } from '../seed-problem.ts';

/** What Azure's ovf-env.xml says, as far as it is used. */
export interface OvfEnvironment {
  readonly hostname?: string;
  /** Base64. */
  readonly customData?: string;
  readonly hasPassword: boolean;
}

/**
 * Reads ovf-env.xml (namespace http://schemas.microsoft.com/windowsazure: LinuxProvisioningConfigurationSet). Its elements
 * that are used hold text only, so they are taken by name. Pure; never throws, whatever the bytes.
 */
export function ovfEnvironment(bytes: Uint8Array | undefined): OvfEnvironment {
  const text = bytes === undefined ? '' : textOf(bytes);
  const [hostname, customData, password] = ['HostName', 'CustomData', 'UserPassword'].map((name) =>
    elementText(text, name),
  );
  return {
    ...(hostname === undefined ? {} : { hostname }),
    ...(customData === undefined ? {} : { customData: customData.replaceAll(/\s/g, '') }),
    hasPassword: password !== undefined,
  };
}

/** The text of the first element of this name, whatever its prefix; undefined when it is missing or empty. Pure. */
export function elementText(xml: string, name: string): string | undefined {
  const start = new RegExp(`<(?:[\\w-]+:)?${name}(?:\\s[^>]*)?>`).exec(xml);
  if (start === null || start[0].endsWith('/>')) return undefined;
  const from = start.index + start[0].length;
  const end = xml.indexOf('<', from);
  const text = xml.slice(from, end === -1 ? from : end).trim();
  return text === '' ? undefined : unescaped(text);
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Text of an element or attribute of XML as it was before it was written there. Pure. */
export function unescaped(text: string): string {
  return text.replaceAll(
    /&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([\da-f]{1,6}));/gi,
    (whole, name?: string, ...codes) => {
      if (name !== undefined) return entities[name] ?? whole;
      const [decimal, hexadecimal] = codes as (string | undefined)[];
      const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal);
      return code <= 0x10_ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

/** Text for an element of XML. Pure. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
