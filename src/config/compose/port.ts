import { compareText } from '../../core/compare-text.ts';
import { BerthError } from '../../core/errors.ts';
import { isIpAddress } from './ip-address.ts';
import type { PortMapping } from './types.ts';

const protocols = ['tcp', 'udp', 'sctp'];

interface PortRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The short form of a published port, `[[IP:]HOST:]CONTAINER[/PROTOCOL]`, ports or ranges of equal length; a host range
 * before a single container port stays a range, from which the engine picks. Ports come in the order of their digits, as
 * Compose has them. Source: Compose specification, 05-services.md, "Ports"; ranges as in docker/go-connections.
 * @throws BerthError CONFIG_INVALID
 */
export function parsePortShort(spec: string): PortMapping[] {
  const parts = spec.split(':');
  const [containerText = '', protocolText = ''] = (parts.at(-1) ?? '').split('/');
  const hostText = parts.at(-2) ?? '';
  const address = unbracketed(parts.slice(0, -2).join(':'));
  const protocol = protocolText === '' ? 'tcp' : protocolText.toLowerCase();
  if (containerText === '') throw invalid(`no container port in ${JSON.stringify(spec)}`);
  if (!protocols.includes(protocol))
    throw invalid(`invalid protocol ${JSON.stringify(protocolText)}: ${protocols.join(', ')} are known`);
  if (parts.length > 2 && address !== '' && !isIpAddress(address))
    throw invalid(`invalid IP address ${JSON.stringify(address)}`);
  const container = parseRange(containerText, 'container');
  const host = hostText === '' ? undefined : parseRange(hostText, 'host');
  const isRange = container.end > container.start;
  if (host !== undefined && isRange && host.end - host.start !== container.end - container.start) {
    throw invalid(`the ranges ${hostText} and ${containerText} are not of the same length`);
  }
  const mappings = Array.from({ length: container.end - container.start + 1 }, (_, index): PortMapping => {
    const published = host === undefined ? undefined : publishedOf(host, index, isRange);
    return {
      mode: 'ingress',
      ...(address === '' ? {} : { host_ip: address }),
      target: container.start + index,
      ...(published === undefined ? {} : { published }),
      protocol,
    };
  });
  return mappings.sort((a, b) => compareText(`${a.target}/${protocol}`, `${b.target}/${protocol}`));
}

function publishedOf(host: PortRange, index: number, isRange: boolean): string {
  return !isRange && host.end > host.start ? `${host.start}-${host.end}` : String(host.start + index);
}

/** A port or a range of ports, `8000-8010`. */
export function parseRange(text: string, side: 'container' | 'host'): PortRange {
  const [start, end] = text.split('-').map(parsePort);
  const last = text.includes('-') ? end : start;
  if (start === undefined || last === undefined || text.split('-').length > 2) {
    throw invalid(`invalid ${side} port ${JSON.stringify(text)}: expected a number from 0 to 65535 or a range`);
  }
  if (last < start) throw invalid(`invalid ${side} port range ${text}: it ends before it starts`);
  return { start, end: last };
}

function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65535 ? port : undefined;
}

function unbracketed(address: string): string {
  return /^\[[^\]]*\]$/.test(address) ? address.slice(1, -1) : address;
}

function invalid(message: string): BerthError {
  return new BerthError('CONFIG_INVALID', message, {
    hint: 'write "8080:80", "127.0.0.1:8080:80/udp" or "8000-8010:8000-8010"',
  });
}
