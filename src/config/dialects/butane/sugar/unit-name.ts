const plainCharacter = /[:_.a-zA-Z0-9]/;

/** A path as part of a unit's name: `systemd-escape --path` (systemd.unit(5), "String escaping for inclusion in unit names"). */
export function escapeUnitPath(path: string): string {
  let escaped = '';
  let inSlashes = false;
  for (const byte of Buffer.from(path)) {
    const character = String.fromCharCode(byte);
    if (character === '/') {
      inSlashes = true;
      continue;
    }
    const isFirst = escaped === '';
    if (inSlashes && !isFirst) escaped += '-';
    inSlashes = false;
    const isPlain = plainCharacter.test(character) && !(isFirst && character === '.');
    escaped += isPlain ? character : `\\x${byte.toString(16)}`;
  }
  return escaped === '' ? '-' : escaped;
}
