/** cloud-init's kinds of user-data by how they begin, the longer beginnings first (`INCLUSION_TYPES_MAP`). */
const kinds = [
  { begins: '#cloud-config-archive', kind: 'a cloud-config archive' },
  { begins: '#cloud-config-jsonp', kind: 'a cloud-config JSON patch' },
  { begins: '#cloud-boothook', kind: 'a boot hook' },
  { begins: '## template: jinja', kind: 'a Jinja template' },
  { begins: '#include-once', kind: 'a list of URLs to include once' },
  { begins: '#part-handler', kind: 'a part handler' },
  { begins: '#cloud-config', kind: 'a cloud-config' },
  { begins: '#include', kind: 'a list of URLs to include' },
  { begins: '#!', kind: 'a script' },
] as const;

export type UserDataKind = (typeof kinds)[number]['kind'];

/** What cloud-init takes a text for; leading blanks and letter case do not count to it, a byte order mark does. Pure. */
export function userDataKind(text: string): UserDataKind | undefined {
  // Python's blanks, which are not JavaScript's.
  const start = text.search(/[^\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/);
  const head = text.slice(Math.max(0, start), start + 32).toLowerCase();
  return kinds.find(({ begins }) => head.startsWith(begins))?.kind;
}
