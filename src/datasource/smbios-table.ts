const oemStringsType = 11;
const endOfTableType = 127;

/**
 * The OEM strings in a DMI table as /sys/firmware/dmi/tables/DMI has it: structures of a header (type, length, handle),
 * data, and strings up to an empty one (SMBIOS 3.7, section 6.1). Pure; a table that is cut off gives what stands before.
 */
export function oemStringsOf(table: Uint8Array): string[] {
  const found: string[] = [];
  let offset = 0;
  while (offset + 4 <= table.length) {
    const type = table[offset];
    const length = table[offset + 1] ?? 0;
    if (length < 4 || type === endOfTableType) break;
    const { strings, end } = stringsAt(table, offset + length);
    if (type === oemStringsType) found.push(...strings.slice(0, table[offset + 4] ?? 0));
    offset = end;
  }
  return found;
}

function stringsAt(table: Uint8Array, start: number): { readonly strings: string[]; readonly end: number } {
  const strings: string[] = [];
  let offset = start;
  for (;;) {
    const end = table.indexOf(0, offset);
    if (end === -1) return { strings, end: table.length };
    // Without any string there are two zero bytes; with some, each has its own and one more ends them.
    if (end === offset) return { strings, end: strings.length === 0 ? end + 2 : end + 1 };
    strings.push(new TextDecoder().decode(table.subarray(offset, end)));
    offset = end + 1;
  }
}
