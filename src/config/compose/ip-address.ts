/** True for an IPv4 address in dotted decimal or an IPv6 address (RFC 4291 section 2.2), without zone or prefix length. */
export function isIpAddress(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  // A leading zero reads as octal to some programs, so it is refused, as Go and the engine do.
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

function isIpv6(text: string): boolean {
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return false;
  const before = groupsOf(head, tail === undefined);
  const after = groupsOf(tail ?? '', true);
  if (before === undefined || after === undefined) return false;
  return tail === undefined ? before === 8 : before + after <= 7;
}

/** How many 16-bit groups the text holds, or undefined when it is not groups; IPv4 notation may end the address. */
function groupsOf(text: string, isEnd: boolean): number | undefined {
  if (text === '') return 0;
  const groups = text.split(':');
  const last = groups.at(-1) ?? '';
  if (isEnd && isIpv4(last)) return groups.slice(0, -1).every(isGroup) ? groups.length + 1 : undefined;
  return groups.every(isGroup) ? groups.length : undefined;
}

function isGroup(text: string): boolean {
  return /^[0-9a-fA-F]{1,4}$/.test(text);
}
