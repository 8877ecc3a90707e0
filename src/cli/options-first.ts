import type { CommandRow } from './command-row.ts';

/** Options of every command that take a value. */
const globalValues = ['--socket', '--vm'];

/**
 * `debug web --image a sh -l` → `debug --image a web sh -l`: for commands that run another program, our options may stand
 * before or right after the service's name; from the first word of the command on, or `--`, all is the other program's.
 * Pure.
 */
export function optionsFirst(argv: readonly string[], rows: readonly CommandRow[]): readonly string[] {
  for (const row of rows) {
    if (row.passThrough !== true) continue;
    const start = endOf(row.name.split(' '), argv);
    if (start === undefined) continue;
    const withValue = valueOptions(row);
    const beforeName = countOptions(argv.slice(start), withValue);
    const name = argv[start + beforeName];
    if (name === undefined || name === '--') return argv;
    const rest = argv.slice(start + beforeName + 1);
    const afterName = countOptions(rest, withValue);
    return [...argv.slice(0, start + beforeName), ...rest.slice(0, afterName), name, ...rest.slice(afterName)];
  }
  return argv;
}

/** The index after the command's words, which global options may stand between; undefined when it is another command. */
function endOf(words: readonly string[], argv: readonly string[]): number | undefined {
  let index = 0;
  for (const word of words) {
    index += countOptions(argv.slice(index), new Set(globalValues));
    if (argv[index] !== word) return undefined;
    index += 1;
  }
  return index;
}

function valueOptions({ options = [] }: CommandRow): Set<string> {
  const taking = options.filter(({ flags }) => flags.includes('<'));
  return new Set([...globalValues, ...taking.flatMap(({ flags }) => flags.match(/-{1,2}[a-z-]+/g) ?? [])]);
}

/** How many of the first words are options or their values. */
function countOptions(words: readonly string[], withValue: ReadonlySet<string>): number {
  let index = 0;
  for (let word = words[index]; word?.startsWith('-') === true && word !== '--' && word !== '-'; word = words[index]) {
    index += withValue.has(word) ? 2 : 1;
  }
  return Math.min(index, words.length);
}
