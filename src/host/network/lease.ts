export type LeaseProtocol = 'dhcp' | 'dhcp6' | 'ra';

/** What a DHCP server or a router told this host on one link. */
export interface Lease {
  readonly link: string;
  readonly protocol: LeaseProtocol;
  readonly addresses: readonly string[];
  readonly dns: readonly string[];
  readonly search: readonly string[];
  readonly ntp: readonly string[];
  readonly hostname?: string;
}

/** dhcpcd-run-hooks(8): the reasons with which an answer is in force. */
const inForce = new Set([
  ...['BOUND', 'RENEW', 'REBIND', 'REBOOT', 'INFORM', 'TIMEOUT', 'RECONFIGURE'],
  ...['BOUND6', 'RENEW6', 'REBIND6', 'REBOOT6', 'INFORM6', 'DELEGATED6', 'ROUTERADVERT'],
]);

/**
 * Reads the environment that dhcpcd gave its hook, NUL between the variables, as /proc/PID/environ has it.
 * Pure. @returns undefined when no answer is in force (expired, refused, stopped) or when it is none of ours.
 */
export function parseLease(environment: string): Lease | undefined {
  const variables = new Map<string, string>();
  for (const entry of environment.split('\0')) {
    const equals = entry.indexOf('=');
    if (equals > 0) variables.set(entry.slice(0, equals), entry.slice(equals + 1));
  }
  const link = variables.get('interface');
  const protocol = protocols.find((name) => name === variables.get('protocol'));
  if (link === undefined || protocol === undefined || !inForce.has(variables.get('reason') ?? '')) return undefined;
  if (variables.get('if_up') === 'false') return undefined;
  const list = (pattern: RegExp): string[] => listOf(variables, pattern);
  const row = fields[protocol];
  const hostname = list(row.hostname)[0];
  return {
    link,
    protocol,
    addresses: list(row.addresses),
    dns: list(row.dns).filter(isAddress),
    search: list(row.search).filter(isDomain),
    ntp: list(row.ntp),
    ...(hostname !== undefined && isDomain(hostname) ? { hostname } : {}),
  };
}

const protocols = ['dhcp', 'dhcp6', 'ra'] as const satisfies readonly LeaseProtocol[];

interface Fields {
  readonly addresses: RegExp;
  readonly dns: RegExp;
  readonly search: RegExp;
  readonly ntp: RegExp;
  readonly hostname: RegExp;
}

const never = /^\b$/;
/** Names of dhcpcd's variables; router advertisements are numbered, and so is what stands in them. */
const fields: Readonly<Record<LeaseProtocol, Fields>> = {
  dhcp: {
    addresses: /^new_ip_address$/,
    dns: /^new_domain_name_servers$/,
    search: /^new_domain_(search|name)$/,
    ntp: /^new_ntp_servers$/,
    hostname: /^new_host_name$/,
  },
  dhcp6: {
    addresses: /^new_dhcp6_ia_(na|ta)\d+_ia_addr\d+$/,
    dns: /^new_dhcp6_name_servers$/,
    search: /^new_dhcp6_domain_search$/,
    ntp: /^new_dhcp6_(sntp_servers|ntp_server_addr|ntp_server_fqdn)$/,
    hostname: never,
  },
  ra: {
    addresses: /^nd\d+_addr\d+$/,
    dns: /^nd\d+_rdnss\d+_servers$/,
    search: /^nd\d+_dnssl\d+_search$/,
    ntp: never,
    hostname: never,
  },
};

function listOf(variables: ReadonlyMap<string, string>, pattern: RegExp): string[] {
  const values = [...variables].filter(([name]) => pattern.test(name)).flatMap(([, value]) => value.split(/\s+/));
  return [...new Set(values.filter((value) => value !== ''))];
}

/** An answer comes from the network: only what has the right form gets into a file that programs read. */
function isAddress(value: string): boolean {
  return /^[0-9A-Fa-f:.]+(%[\w.-]+)?$/.test(value);
}

function isDomain(value: string): boolean {
  return /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?$/.test(value);
}
