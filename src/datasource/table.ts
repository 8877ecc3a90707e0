import { baked } from './baked.ts';
import { clouds } from './cloud/table.ts';
import { configDrive } from './config-drive.ts';
import type { Datasource } from './datasource.ts';
import { fwCfg } from './fw-cfg.ts';
import { type HostFacts, kernelArgument } from './host-facts.ts';
import { vmware } from './hypervisor/vmware.ts';
import { xen } from './hypervisor/xen.ts';
import { kernelCommandLine } from './kernel-command-line.ts';
import { noCloud } from './nocloud.ts';
import { smbios } from './smbios.ts';

/**
 * Every datasource, and the order in which they count: the first row that matches wins. What somebody wrote for this very
 * boot comes first, then what the machine was given, then disks, then the cloud it runs in, and the image's own config last.
 */
export const datasources: readonly Datasource[] = [
  kernelCommandLine,
  smbios,
  fwCfg,
  vmware,
  xen,
  noCloud,
  configDrive,
  ...clouds,
  baked,
];

export type Selection =
  | { readonly kind: 'selected'; readonly datasource: Datasource }
  /** No row matches, but one of these may answer. */
  | { readonly kind: 'probe'; readonly among: readonly Datasource[]; readonly why: string }
  /** No row matches, or `berth.datasource=none`. */
  | { readonly kind: 'none'; readonly why: string }
  /** `berth.datasource=` names one that there is not. */
  | { readonly kind: 'unknown'; readonly name: string; readonly known: readonly string[] };

/** Names of platforms on Ignition's users' kernel command lines that are not ours. */
const ignitionPlatforms: Readonly<Record<string, string>> = {
  ...{ aws: 'ec2', gcp: 'gce', packet: 'equinix', oraclecloud: 'oracle', proxmoxve: 'nocloud', kubevirt: 'nocloud' },
};

/**
 * The datasource of a host. `berth.datasource=ID` on the kernel command line picks one whatever matches; so does
 * `ignition.platform.id=` when nothing else does. Pure.
 */
export function selectDatasource(facts: HostFacts, table: readonly Datasource[] = datasources): Selection {
  const forced = kernelArgument(facts.cmdline, 'berth.datasource');
  if (forced === 'none') return { kind: 'none', why: 'berth.datasource=none is on the kernel command line' };
  if (forced === 'probe')
    return {
      kind: 'probe',
      among: table.filter(({ cloud }) => cloud !== undefined),
      why: 'no metadata service answered',
    };
  if (forced !== undefined) {
    const named = table.find(({ id }) => id === forced);
    return named === undefined
      ? { kind: 'unknown', name: forced, known: table.map(({ id }) => id) }
      : { kind: 'selected', datasource: named };
  }
  const platform = kernelArgument(facts.cmdline, 'ignition.platform.id');
  const found =
    table.find(({ matches }) => matches(facts)) ??
    table.find(({ id }) => platform !== undefined && id === (ignitionPlatforms[platform] ?? platform));
  if (found !== undefined) return { kind: 'selected', datasource: found };
  const among = table.filter(({ cloud }) => cloud?.isProbed === true);
  const why = nothingFound(facts);
  return facts.isVirtual && among.length > 0 ? { kind: 'probe', among, why } : { kind: 'none', why };
}

function nothingFound({ dmi }: HostFacts): string {
  return dmi.sys_vendor?.startsWith('VMware') === true
    ? 'no datasource was found: no guestinfo variable holds a config, and no disk is labelled "cidata"'
    : 'no datasource was found';
}
