import type { Place } from '../place.ts';
import { convert, type JsonSchema, type Shape, word } from '../shape.ts';

/** One setting of a bond or a bridge, by all the names it goes by. */
export interface ParameterRow {
  /** Option of `ip link … type`. */
  readonly option: string;
  /** Key in netplan. */
  readonly netplan: string;
  /** Key in network configuration version 1 and in Debian's interfaces(5). */
  readonly version1?: string;
  /** What values are taken. */
  readonly pattern: RegExp;
  /** From the text in the config to `ip`'s, where they differ. */
  readonly toOption?: (value: string) => string;
}

const number = /^\d{1,9}$/;
const milliseconds = /^\d{1,9}(ms|s)?$/;
const truth = /^(true|false|on|off|yes|no|0|1)$/i;

const toMilliseconds = (value: string): string =>
  /\ds$/.test(value) ? `${Number.parseInt(value, 10) * 1000}` : value.replace('ms', '');
const toFlag = (value: string): string => (/^(true|on|yes|1)$/i.test(value) ? '1' : '0');
/** `ip` counts a bridge's times in hundredths of a second. */
const toHundredths = (value: string): string => `${Math.round(Number(value) * 100)}`;
const modes = ['balance-rr', 'active-backup', 'balance-xor', 'broadcast', '802.3ad', 'balance-tlb', 'balance-alb'];
const wordsOf = (words: readonly string[]): RegExp =>
  new RegExp(`^(${words.join('|').replaceAll('.', '\\.')}|[0-${words.length - 1}])$`);

/** Bond options (Linux' bonding.rst); `mode` first: the others depend on it. */
export const bondParameters: readonly ParameterRow[] = [
  {
    option: 'mode',
    netplan: 'mode',
    version1: 'bond-mode',
    pattern: wordsOf(modes),
    toOption: (value) => modes[Number(value)] ?? value,
  },
  {
    option: 'miimon',
    netplan: 'mii-monitor-interval',
    version1: 'bond-miimon',
    pattern: milliseconds,
    toOption: toMilliseconds,
  },
  { option: 'updelay', netplan: 'up-delay', version1: 'bond-updelay', pattern: milliseconds, toOption: toMilliseconds },
  {
    option: 'downdelay',
    netplan: 'down-delay',
    version1: 'bond-downdelay',
    pattern: milliseconds,
    toOption: toMilliseconds,
  },
  {
    option: 'arp_interval',
    netplan: 'arp-interval',
    version1: 'bond-arp-interval',
    pattern: milliseconds,
    toOption: toMilliseconds,
  },
  {
    option: 'arp_ip_target',
    netplan: 'arp-ip-targets',
    version1: 'bond-arp-ip-target',
    pattern: /^[\d.]+(,[\d.]+){0,15}$/,
  },
  {
    option: 'arp_validate',
    netplan: 'arp-validate',
    version1: 'bond-arp-validate',
    pattern: wordsOf(['none', 'active', 'backup', 'all']),
  },
  {
    option: 'arp_all_targets',
    netplan: 'arp-all-targets',
    version1: 'bond-arp-all-targets',
    pattern: wordsOf(['any', 'all']),
  },
  { option: 'lacp_rate', netplan: 'lacp-rate', version1: 'bond-lacp-rate', pattern: wordsOf(['slow', 'fast']) },
  {
    option: 'ad_select',
    netplan: 'ad-select',
    version1: 'bond-ad-select',
    pattern: wordsOf(['stable', 'bandwidth', 'count']),
  },
  {
    option: 'xmit_hash_policy',
    netplan: 'transmit-hash-policy',
    version1: 'bond-xmit-hash-policy',
    pattern: wordsOf(['layer2', 'layer3\\+4', 'layer2\\+3', 'encap2\\+3', 'encap3\\+4', 'vlan\\+srcmac']),
  },
  { option: 'min_links', netplan: 'min-links', version1: 'bond-min-links', pattern: number },
  {
    option: 'all_slaves_active',
    netplan: 'all-members-active',
    version1: 'bond-all-slaves-active',
    pattern: truth,
    toOption: toFlag,
  },
  {
    option: 'fail_over_mac',
    netplan: 'fail-over-mac-policy',
    version1: 'bond-fail-over-mac',
    pattern: wordsOf(['none', 'active', 'follow']),
  },
  { option: 'num_grat_arp', netplan: 'gratuitous-arp', version1: 'bond-num-grat-arp', pattern: number },
  { option: 'packets_per_slave', netplan: 'packets-per-member', version1: 'bond-packets-per-slave', pattern: number },
  {
    option: 'primary_reselect',
    netplan: 'primary-reselect-policy',
    version1: 'bond-primary-reselect',
    pattern: wordsOf(['always', 'better', 'failure']),
  },
  { option: 'resend_igmp', netplan: 'resend-igmp', version1: 'bond-resend-igmp', pattern: number },
  { option: 'lp_interval', netplan: 'learn-packet-interval', version1: 'bond-lp-interval', pattern: number },
];

/** Older names of netplan's. */
export const bondSpellings: Readonly<Record<string, string>> = {
  'all-slaves-active': 'all-members-active',
  'packets-per-slave': 'packets-per-member',
};

const kernels = 'the kernel chooses it';
const state = 'it is what a bond tells, not what it is told';
/** Keys that cloud-init's schema knows, and nothing comes of. */
export const otherBondKeys1 = {
  'bond-active_slave': { ignored: state, hint: 'bond-primary names the preferred device' },
  'bond-ad_aggregator': { ignored: state },
  'bond-ad_num_ports': { ignored: state },
  'bond-ad_actor_key': { ignored: state },
  'bond-ad_partner_key': { ignored: state },
  'bond-ad_partner_mac': { ignored: state },
  'bond-mii_status': { ignored: state },
  'bond-slaves': { ignored: '"bond_interfaces" names them' },
  'bond-ad_actor_sys_prio': { ignored: kernels },
  'bond-ad_actor_system': { ignored: kernels },
  'bond-ad_user_port_key': { ignored: kernels },
  'bond-peer_notif_delay': { ignored: kernels },
  'bond-queue_id': { ignored: kernels },
  'bond-tlb_dynamic_lb': { ignored: kernels },
  'bond-use_carrier': { ignored: kernels },
} as const;

const spelled = bondParameters.flatMap(({ version1 }) =>
  version1 === undefined ? [] : [[version1.slice('bond-'.length), version1] as const],
);

/** cloud-init takes a bond's keys with `-` and with `_`, and its schema has the latter; the kernel has two names for one setting. */
export const bondSpellings1: Readonly<Record<string, string>> = Object.fromEntries([
  ...spelled.flatMap(([name, key]) => {
    const spellings = [`bond-${name.replaceAll('-', '_')}`, `bond_${name.replaceAll('-', '_')}`, `bond_${name}`];
    return spellings.filter((spelling) => spelling !== key).map((spelling) => [spelling, key] as const);
  }),
  ...Object.keys(otherBondKeys1)
    .filter((key) => key.includes('_'))
    .map((key) => [key.replaceAll('_', '-'), key] as const),
  ['bond_primary', 'bond-primary'],
  ['bond-num_unsol_na', 'bond-num-grat-arp'],
]);

/** Bridge options. */
export const bridgeParameters: readonly ParameterRow[] = [
  { option: 'stp_state', netplan: 'stp', version1: 'bridge_stp', pattern: truth, toOption: toFlag },
  {
    option: 'forward_delay',
    netplan: 'forward-delay',
    version1: 'bridge_fd',
    pattern: /^\d{1,6}$/,
    toOption: toHundredths,
  },
  {
    option: 'hello_time',
    netplan: 'hello-time',
    version1: 'bridge_hello',
    pattern: /^\d{1,6}$/,
    toOption: toHundredths,
  },
  { option: 'max_age', netplan: 'max-age', version1: 'bridge_maxage', pattern: /^\d{1,6}$/, toOption: toHundredths },
  {
    option: 'ageing_time',
    netplan: 'ageing-time',
    version1: 'bridge_ageing',
    pattern: /^\d{1,7}$/,
    toOption: toHundredths,
  },
  { option: 'priority', netplan: 'priority', version1: 'bridge_bridgeprio', pattern: /^\d{1,5}$/ },
];

/** A value of one of these rows, as `ip` takes it. */
export function parameterShape(row: ParameterRow): Shape<string> {
  const schema: JsonSchema = { pattern: row.pattern.source };
  return convert(word, (value, place: Place) => readParameter(row, value, place), schema);
}

function readParameter(row: ParameterRow, value: string, place: Place): string | undefined {
  if (row.pattern.test(value)) return row.toOption?.(value) ?? value;
  place.error('invalid-value', `"${value.slice(0, 60)}" is not a value of ${row.option}`);
  return undefined;
}

/** Options by their `ip` name, from values read under another name of the row. */
export function toOptions(
  rows: readonly ParameterRow[],
  key: 'netplan' | 'version1',
  values: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const options: Record<string, string> = {};
  for (const row of rows) {
    const name = row[key];
    const value = name === undefined ? undefined : values[name];
    if (typeof value === 'string') options[row.option] = value;
  }
  return options;
}

/** The fields of a record shape: one a row that has a name of this kind. */
export function parameterFields(
  rows: readonly ParameterRow[],
  key: 'netplan' | 'version1',
): Record<string, Shape<string>> {
  const fields: Record<string, Shape<string>> = {};
  for (const row of rows) {
    const name = row[key];
    if (name !== undefined) fields[name] = parameterShape(row);
  }
  return fields;
}
