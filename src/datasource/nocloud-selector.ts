import { type HostFacts, kernelArgument } from './host-facts.ts';

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
