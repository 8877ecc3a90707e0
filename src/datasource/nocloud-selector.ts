import { type DmiField, type HostFacts, kernelArgument } from './host-facts.ts';

/** What `ds=nocloud;…` says, on the kernel command line or as the machine's serial number. */
export interface NoCloudSelector {
  /** Where the documents are: a URL, or a directory of the host. */
  readonly seed?: string;
  readonly hostname?: string;
  readonly instanceId?: string;
}

/** Reads the selector; undefined when there is none. The kernel command line goes before the serial number. Pure. */
export function noCloudSelector({ cmdline, dmi }: HostFacts): NoCloudSelector | undefined {
  return parse(kernelArgument(cmdline, 'ds')) ?? parse(serialSelector(dmi.product_serial));
}

function serialSelector(serial: string | undefined): string | undefined {
  return serial?.startsWith('ds=') === true ? serial.slice('ds='.length) : undefined;
}

/** `nocloud;s=URL;h=NAME;i=ID` or with the long names; `nocloud-net` is cloud-init's old name for the same. */
function parse(text: string | undefined): NoCloudSelector | undefined {
  const [name = '', ...options] = (text ?? '').split(';');
  if (!/^nocloud(-net)?$/i.test(name)) return undefined;
  const values = new Map(
    options.map((option) => [option.slice(0, Math.max(0, option.indexOf('='))), option.slice(option.indexOf('=') + 1)]),
  );
  const value = (short: string, long: string): string | undefined => {
    const found = values.get(short) ?? values.get(long);
    return found === '' ? undefined : found;
  };
  const [seed, hostname, instanceId] = [
    value('s', 'seedfrom'),
    value('h', 'local-hostname'),
    value('i', 'instance-id'),
  ];
  return {
    ...(seed === undefined ? {} : { seed }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(instanceId === undefined ? {} : { instanceId }),
  };
}

/** dmidecode's keywords, as cloud-init has them, and the kernel's words for the same. */
const firmwareWords = new Map<string, DmiField>([
  ['baseboard-asset-tag', 'board_asset_tag'],
  ['baseboard-manufacturer', 'board_vendor'],
  ['baseboard-product-name', 'board_name'],
  ['baseboard-serial-number', 'board_serial'],
  ['baseboard-version', 'board_version'],
  ['bios-release-date', 'bios_date'],
  ['bios-vendor', 'bios_vendor'],
  ['bios-version', 'bios_version'],
  ['chassis-asset-tag', 'chassis_asset_tag'],
  ['chassis-manufacturer', 'chassis_vendor'],
  ['chassis-serial-number', 'chassis_serial'],
  ['chassis-version', 'chassis_version'],
  ['system-manufacturer', 'sys_vendor'],
  ['system-product-name', 'product_name'],
  ['system-serial-number', 'product_serial'],
  ['system-uuid', 'product_uuid'],
  ['system-version', 'product_version'],
]);

/** A place of a seed with what the firmware says in it: `https://example.com/__dmi.system-uuid__/`. Pure. */
export function withFirmwareWords(seed: string, dmi: HostFacts['dmi']): string {
  return seed.replaceAll(/__dmi\.([^_]+)__/g, (whole, word: string) => {
    const field = firmwareWords.get(word);
    return field === undefined ? whole : (dmi[field] ?? '');
  });
}
