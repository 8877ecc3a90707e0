import { CommanderError, Command as Parser } from 'commander';
import { berthVersion } from '../agent/version.ts';
import { type CommandRow, commandTable } from './command-table.ts';
import { type CliContext, createCli, type Flags } from './context.ts';
import { reportFailure } from './failure.ts';
import { findSocket } from './sockets.ts';

const groups: Readonly<Record<string, string>> = { service: 'look at services and steer them' };

const exitCodes = `
Exit codes: 0 done, 1 failed or refused, 2 wrong usage, 3 the plan has changes (plan --detailed-exitcode).
Variables: BERTH_SOCKET (as --socket), NO_COLOR, BERTH_DEBUG=1 (stack traces).`;

/** Runs one command line (without the program's name). @returns the exit code. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  let exitCode = 0;
  const program = createProgram(
    context,
    (code) => {
      exitCode = code;
    },
    argv,
  );
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportFailure(error, context, argv.includes('--json') ? { json: true } : {});
  }
}

function createProgram(context: CliContext, setExitCode: (code: number) => void, argv: readonly string[]): Parser {
  const program = prepare(new Parser('berth'), context);
  program
    .description('Berth runs a container host from one config file.')
    .version(berthVersion)
    .usage('<command> [options]')
    .enablePositionalOptions()
    .addHelpText('after', exitCodes);
  const parents = new Map<string, Parser>();
  for (const row of commandTable(context)) {
    const [first = '', second] = row.name.split(' ');
    if (second === undefined) {
      addCommand(program, first, row, context, setExitCode, argv);
      continue;
    }
    const parent =
      parents.get(first) ??
      prepare(program.command(first), context)
        .description(groups[first] ?? '')
        .enablePositionalOptions();
    parents.set(first, parent);
    addCommand(parent, second, row, context, setExitCode, argv);
  }
  return program;
}

function addCommand(
  parent: Parser,
  name: string,
  row: CommandRow,
  context: CliContext,
  setExitCode: (code: number) => void,
  argv: readonly string[],
): void {
  const command = prepare(parent.command(row.args === undefined ? name : `${name} ${row.args}`), context).description(
    row.summary,
  );
  if (row.passThrough === true) command.passThroughOptions();
  for (const { flags, description, parse } of row.options ?? []) {
    if (parse === undefined) command.option(flags, description);
    else command.option(flags, description, parse as (value: string, previous: unknown) => unknown);
  }
  command.addHelpText('after', renderExamples(row));
  command.action(async () => {
    const flags = readFlags(command);
    const cli = createCli(context, flags, ['berth', ...argv].join(' '), findSocket(flags.socket, context.env));
    const run = await row.load();
    setExitCode(await run(cli, command.args));
  });
}

/** Options of a command and of those above it; the nearest one counts, but colours are off as soon as one says so. */
function readFlags(command: Parser): Flags {
  const levels: Flags[] = [];
  for (let level: Parser | null = command; level !== null; level = level.parent) levels.unshift(level.opts());
  return { ...Object.assign({}, ...levels), color: levels.every(({ color }) => color !== false) } as Flags;
}

/** What every command has; set before it, options may stand before or after the command's name. */
function prepare(command: Parser, { stdout, stderr }: CliContext): Parser {
  return command
    .option('--json', 'print JSON')
    .option('--socket <path>', "the agent's socket")
    .option('--no-color', 'no colours')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(--help shows how it is used)')
    .configureOutput({ writeOut: (text) => void stdout.write(text), writeErr: (text) => void stderr.write(text) });
}

function renderExamples({ examples }: CommandRow): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  return `\nExamples:\n${examples.map(([line, meaning]) => `  ${line.padEnd(width)}   # ${meaning}`).join('\n')}`;
}
