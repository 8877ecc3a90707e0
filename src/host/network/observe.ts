import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DhcpClient } from './dhcp-client.ts';
import { berthProtocol } from './ip-commands.ts';
import { type LinkFacts, parseLinks, parseRoutes } from './ip-json.ts';
import type { ObservedNetwork, ObservedRoute } from './observed.ts';
import type { RunProgram } from './run-program.ts';

/** The network of this machine (of this process' network namespace), as the kernel and the DHCP client tell it. */
export async function observeNetwork(
  run: RunProgram,
  dhcp: DhcpClient,
  resolvConf: string,
  signal: AbortSignal,
): Promise<ObservedNetwork> {
  const facts = await linkFacts();
  const ip = (...args: string[]): Promise<string> => run('ip', ['-json', '-details', ...args], { signal });
  const [addresses, ours4, ours6, default4, default6, leases, dhcpConfig, resolver] = await Promise.all([
    ip('address', 'show'),
    ip('-4', 'route', 'show', 'proto', berthProtocol, 'table', 'all'),
    ip('-6', 'route', 'show', 'proto', berthProtocol, 'table', 'all'),
    ip('-4', 'route', 'show', 'default'),
    ip('-6', 'route', 'show', 'default'),
    dhcp.leases(),
    dhcp.runningConfig(),
    readFile(resolvConf, 'utf8').catch(() => undefined),
  ]);
  return {
    links: parseLinks(addresses, (name) => facts.get(name) ?? { takesRa: false }),
    routes: [
      ...parseRoutes(ours4, 4, true),
      ...parseRoutes(ours6, 6, true),
      ...foreign(default4, 4),
      ...foreign(default6, 6),
    ],
    leases,
    dhcpConfig,
    resolvConf: resolver,
  };
}

function foreign(output: string, family: 4 | 6): ObservedRoute[] {
  return parseRoutes(output, family, false).filter(({ isOurs }) => !isOurs);
}

async function linkFacts(): Promise<Map<string, LinkFacts>> {
  const names = await readdir('/sys/class/net').catch(() => []);
  const facts = names.map(async (name): Promise<[string, LinkFacts]> => {
    const [driver, acceptRa] = await Promise.all([
      readlink(join('/sys/class/net', name, 'device/driver')).catch(() => undefined),
      readFile(acceptRaPath(name), 'utf8').catch(() => '0'),
    ]);
    return [name, { ...(driver === undefined ? {} : { driver: basename(driver) }), takesRa: acceptRa.trim() !== '0' }];
  });
  return new Map(await Promise.all(facts));
}

/** Where the kernel is told whether a device takes router advertisements. */
export function acceptRaPath(link: string): string {
  return join('/proc/sys/net/ipv6/conf', link, 'accept_ra');
}
