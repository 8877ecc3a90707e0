import { type FieldFilter, filtersOf } from './filters.ts';

/** One version of one variant of Butane. */
export interface Spec {
  readonly variant: string;
  readonly version: string;
  /** The base spec it builds on: 5 is `base/v0_5`. */
  readonly base: number;
  /** The Ignition spec it is translated to. */
  readonly ignition: string;
  /** The minor version of `fcos` whose keys it has: `boot_device`, `grub`; undefined for variants without them. */
  readonly fcos?: number;
  /** The minor version of OpenShift 4; it has `metadata` and `openshift`, and its config is one for a MachineConfig. */
  readonly openshift?: number;
  /** Parts of the Ignition config that the variant does not allow. */
  readonly filters: readonly FieldFilter[];
}

/** By base spec. */
const ignitionVersions = [
  '',
  '3.0.0',
  '3.1.0',
  '3.2.0',
  '3.3.0',
  '3.4.0',
  '3.5.0',
  '3.6.0',
  '3.7.0-experimental',
] as const;

/** The base spec of each minor version of `fcos`. */
const fcosBases = [1, 2, 3, 3, 4, 5, 6, 7, 8] as const;
/** The minor version of `fcos` under each minor version of OpenShift 4, from 4.8 on. */
const openshiftBases = [3, 3, 3, 3, 3, 3, 5, 5, 5, 5, 5, 6, 6, 6, 6, 8] as const;

function spec(variant: string, version: string, base: number, more: Pick<Spec, 'fcos' | 'openshift'> = {}): Spec {
  const filters = filtersOf(variant, base, more.openshift);
  return { variant, version, base, ignition: ignitionVersions[base] ?? '', filters, ...more };
}

/** Every spec that Butane 0.29 knows. Those that are experimental are read as Butane reads them, and change without notice. */
export const specs: readonly Spec[] = [
  ...fcosBases.map((base, fcos) => spec('fcos', `1.${fcos}.0${fcos === 8 ? '-experimental' : ''}`, base, { fcos })),
  spec('flatcar', '1.0.0', 4),
  spec('flatcar', '1.1.0', 5),
  spec('flatcar', '1.2.0-experimental', 8),
  ...openshiftBases.map((fcos, index) => {
    const openshift = index + 8;
    const version = `4.${openshift}.0${fcos === 8 ? '-experimental' : ''}`;
    return spec('openshift', version, fcosBases[fcos], { fcos, openshift });
  }),
  spec('r4e', '1.0.0', 4),
  spec('r4e', '1.1.0', 5),
  spec('r4e', '1.2.0-experimental', 8),
  spec('fiot', '1.0.0', 5),
  spec('fiot', '1.1.0-experimental', 8),
];

/** A version as go-semver reads it: leading zeros do not count; undefined when it is none. */
export function normalVersion(text: string): string | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)(-[0-9A-Za-z.-]*)?(\+[0-9A-Za-z.-]*)?$/.exec(text);
  if (match === null) return undefined;
  const [, major = '', minor = '', patch = '', pre = '', metadata = ''] = match;
  const numbers = [major, minor, patch].map((part) => String(BigInt(part))).join('.');
  return `${numbers}${pre === '-' ? '' : pre}${metadata === '+' ? '' : metadata}`;
}
