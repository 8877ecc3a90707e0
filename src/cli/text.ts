/** The escape sequences of colours, which take no room on the screen. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const colourCodes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

/** Columns a text takes on the screen. */
export function widthOf(text: string): number {
  return text.replace(colourCodes, '').length;
}

/** Cuts a text without colours to a width, with an ellipsis when something is lost. */
export function fit(text: string, width: number): string {
  const line = text.replaceAll(/\s*\n\s*/g, ' ').trim();
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}

/** Rows under a header, columns as wide as they need; a column that is empty throughout is left out. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = header.map((_, index) => index).filter((index) => rows.some((row) => (row[index] ?? '') !== ''));
  const widths = columns.map((index) => Math.max(...[header, ...rows].map((row) => widthOf(row[index] ?? ''))));
  const lines = [header, ...rows].map((row) =>
    columns
      .map((index, place) => (row[index] ?? '') + ' '.repeat((widths[place] ?? 0) - widthOf(row[index] ?? '')))
      .join('  '),
  );
  return lines.map((line) => line.trimEnd()).join('\n');
}

const units = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
] as const;

/** `0.4 s`, `12 s`, `3 min`, `2 h`, `5 d`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  for (const [unit, size] of units) {
    if (seconds >= 2 * size) return `${Math.floor(seconds / size)} ${unit}`;
  }
  return seconds < 10 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds)} s`;
}

/** `1 service`, `2 services`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** The first 12 digits of a digest, as container tools show them. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}
