/** Keys that Ignition's types have before those of their own: what files, directories and links have in common. */
const nodeKeys: readonly string[] = ['group', 'overwrite', 'path', 'user'];
const nodeLists: readonly string[] = ['directories', 'files', 'links'];
/** Keys whose names in Go lie elsewhere in the alphabet. */
const goNames: Readonly<Record<string, string>> = { sshAuthorizedKeys: 'sSHAuthorizedKeys' };

/**
 * An Ignition config as Butane writes it, byte for byte: keys in the order of Ignition's Go types, which is the alphabet's but
 * for files, directories and links; what HTML would take for its own is escaped, as encoding/json does. `indent`: spaces; none: all in one line. Pure.
 */
export function ignitionText(config: unknown, indent = 0): string {
  const text = JSON.stringify(inOrder(config), null, indent);
  return `${text.replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}

/** `list`: the key of the list that the value is an item of. */
function inOrder(value: unknown, list = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => inOrder(item, list));
  if (typeof value !== 'object' || value === null) return value;
  const first = nodeLists.includes(list) ? nodeKeys : [];
  const rank = (key: string): string => `${first.includes(key) ? 0 : 1}${goNames[key] ?? key}`;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (rank(a) < rank(b) ? -1 : 1))
      .map(([key, member]) => [key, inOrder(member, key)]),
  );
}
