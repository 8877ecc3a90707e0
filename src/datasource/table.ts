import { baked } from './baked.ts';
import { configDrive } from './config-drive.ts';
import type { Datasource } from './datasource.ts';
import { fwCfg } from './fw-cfg.ts';
import { type HostFacts, kernelArgument } from './host-facts.ts';
import { kernelCommandLine } from './kernel-command-line.ts';
import { noCloud } from './nocloud.ts';
import { smbios } from './smbios.ts';

/**
 * Every datasource, and the order in which they count: the first row that matches wins. What somebody wrote for this very
 * boot comes first, then what the machine was given, then disks, and the image's own config last.
 */
export const datasources = [
  kernelCommandLine,
  smbios,
  fwCfg,
  noCloud,
  configDrive,
  baked,
] as const satisfies readonly Datasource[];

export type Selection =
  | { readonly kind: 'selected'; readonly datasource: Datasource }
  /** No row matches, or `berth.datasource=none`. */
  | { readonly kind: 'none'; readonly why: string }
  /** `berth.datasource=` names one that there is not. */
  | { readonly kind: 'unknown'; readonly name: string; readonly known: readonly string[] };

/** The datasource of a host. `berth.datasource=ID` on the kernel command line picks one whatever matches. Pure. */
export function selectDatasource(facts: HostFacts, table: readonly Datasource[] = datasources): Selection {
  const forced = kernelArgument(facts.cmdline, 'berth.datasource');
  if (forced === 'none') return { kind: 'none', why: 'berth.datasource=none is on the kernel command line' };
  if (forced !== undefined) {
    const named = table.find(({ id }) => id === forced);
    return named === undefined
      ? { kind: 'unknown', name: forced, known: table.map(({ id }) => id) }
      : { kind: 'selected', datasource: named };
  }
  const found = table.find(({ matches }) => matches(facts));
  return found === undefined
    ? { kind: 'none', why: 'no datasource was found' }
    : { kind: 'selected', datasource: found };
}
