/** Lines of ours in a file that others write to as well stand between these. */
const begin = (name: string): string => `# begin berth ${name}`;
const end = (name: string): string => `# end berth ${name}`;

/** The text with a block of our own at its end, in the place of an older one; without lines there is none. Pure. */
export function withBlock(text: string, name: string, lines: readonly string[]): string {
  const kept: string[] = [];
  let isOurs = false;
  for (const line of text.split('\n')) {
    if (line === begin(name)) isOurs = true;
    else if (line === end(name)) isOurs = false;
    else if (!isOurs) kept.push(line);
  }
  const rest = kept.join('\n').replace(/\n+$/, '');
  const others = rest === '' ? [] : [rest];
  const ours = lines.length === 0 ? [] : [begin(name), ...lines, end(name)];
  const all = [...others, ...ours];
  return all.length === 0 ? '' : `${all.join('\n')}\n`;
}
