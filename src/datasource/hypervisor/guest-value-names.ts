/** Where VMware's guests find their values. */
export const guestInfoPrefix = 'guestinfo.';
/** Where Xen's find those that users may set. */
export const xenPrefix = 'vm-data/';

/** What may be encoded: a name beside it, with this at its end, says how. */
const encoded = ['metadata', 'userdata', 'vendordata'] as const;

/** Users' configs on VMware, best first: of cloud-init, Ignition, and CoreOS' own (github.com/coreos/coreos-cloudinit). */
export const guestInfoConfigs = [
  'userdata',
  'ignition.config.data',
  'coreos.config.data',
  'cloud-init.config.data',
] as const;

/** The same, as addresses. */
export const guestInfoUrls = ['coreos.config.url', 'cloud-init.config.url'] as const;

/** The properties that a vApp's template was deployed with, as XML (DMTF DSP0243, OVF environment). */
export const ovfEnvironmentName = 'ovfEnv';

/** All that is asked for on VMware, without the prefix. */
export const guestInfoNames: readonly string[] = [
  ...withEncodings('.', encoded),
  ...withEncodings('.', guestInfoConfigs.slice(1)),
  // CoreOS' name for it has one word less.
  'cloud-init.data.encoding',
  ...guestInfoUrls,
  'hostname',
  ovfEnvironmentName,
];

/** All that is asked for on Xen: the names are those of the datasource that was proposed for cloud-init. */
export const xenNames: readonly string[] = withEncodings('/', encoded);

function withEncodings(separator: string, names: readonly string[]): string[] {
  return names.flatMap((name) => [name, `${name}${separator}encoding`]);
}
