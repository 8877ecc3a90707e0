import type { Surroundings } from './seed-ports.ts';

/**
 * Roots to ask, from how a row writes them. `%link` stands for each network device with an IPv6 link-local address,
 * `%gateway` for each default route's gateway. Pure.
 */
export function expandEndpoints(endpoints: readonly string[], { links, gateways }: Surroundings): string[] {
  return endpoints.flatMap((endpoint) => {
    if (endpoint.includes('%link')) return links.map((link) => endpoint.replace('%link', `%${link}`));
    if (endpoint.includes('%gateway')) return gateways.map((gateway) => endpoint.replace('%gateway', gateway));
    return [endpoint];
  });
}

/** A URL without its zone, and the address with it when it has one: the WHATWG's URLs have no zones. Pure. */
export function splitZone(url: string): { readonly url: string; readonly address?: string } {
  const [, scheme, address, zone, rest] = /^(https?:\/\/)\[([0-9a-f:.]+)%([^\]/]+)\](.*)$/i.exec(url) ?? [];
  if (scheme === undefined || address === undefined || zone === undefined) return { url };
  return { url: `${scheme}[${address}]${rest ?? ''}`, address: `${address}%${zone}` };
}

/** Gateways of the default routes in the text of /proc/net/route, where an address is a little-endian number. Pure. */
export function defaultGateways(table: string): string[] {
  return table.split('\n').flatMap((line) => {
    const [, destination, gateway = '', , , , , mask] = line.split('\t');
    if (destination !== '00000000' || mask !== '00000000' || !/^[0-9A-F]{8}$/i.test(gateway)) return [];
    const bytes = [...Buffer.from(gateway, 'hex')].toReversed();
    return bytes.every((byte) => byte === 0) ? [] : [bytes.join('.')];
  });
}
