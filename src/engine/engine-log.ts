/** One line of dockerd's or containerd's log (logfmt): its level, and its message without time and decoration. */
interface LogLine {
  readonly level: string;
  readonly text: string;
}

/** Said at every start on many machines, or about the same failure a second time. */
const noise = /^Your kernel does not support |^See 'dockerd --help'|^\[core\] |^WARNING: No /;

const unimportant: ReadonlySet<string> = new Set(['debug', 'info', 'trace']);

/**
 * The lines of an engine's log that say why it failed, oldest first: no routine messages, no time stamps, nothing twice.
 * When all are routine, the last ones as they are. Pure.
 */
export function tellingLines(log: string, limit = 5): string[] {
  const lines = log
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parseLine);
  const telling = lines.filter(({ level, text }) => !unimportant.has(level) && !noise.test(text));
  const chosen = telling.length > 0 ? telling : lines;
  return [...new Set(chosen.map(({ text }) => text))].slice(-limit);
}

function parseLine(line: string): LogLine {
  const level = /(?:^| )level=(\w+)/.exec(line)?.[1];
  // What dockerd says before its logger is set up: "unknown flag: --x".
  if (level === undefined) return { level: 'plain', text: line.trim() };
  const message = quotedField(line, 'msg') ?? line;
  const error = quotedField(line, 'error');
  return { level, text: error === undefined ? message : `${message}: ${error}` };
}

function quotedField(line: string, name: string): string | undefined {
  const found = new RegExp(` ${name}=("(?:[^"\\\\]|\\\\.)*"|\\S+)`).exec(line)?.[1];
  if (found?.startsWith('"') !== true) return found;
  return found
    .slice(1, -1)
    .replace(/\\(["\\])/g, '$1')
    .replace(/\s*\\n\s*/g, ' ')
    .trim();
}
