import { CommanderError, Command as Parser } from 'commander';
import { berthVersion } from '../agent/version.ts';
import { BerthError } from '../core/errors.ts';
import type { CommandRow } from './command-row.ts';
import { commandTable } from './command-table.ts';
import { type CliContext, createCli, type Flags } from './context.ts';
import { reportFailure } from './failure.ts';
import { optionsFirst } from './options-first.ts';
import { findSocket } from './sockets.ts';

const groups: Readonly<Record<string, string>> = {
  service: 'look at services and steer them',
  os: 'look at the releases of the operating system on a host, and take them',
  config: 'look at single keys of what is declared, and set them on this host',
  image: 'build and look at images of the operating system',
  release: 'make releases, and keep a repository of them that hosts update from',
  vm: 'look at virtual machines that "berth up" made, and steer them',
};

const exitCodes = `
Exit codes: 0 done, 1 failed or refused, 2 wrong usage, 3 there is something to do
(plan and os check with --detailed-exitcode).
Variables: BERTH_SOCKET (as --socket), NO_COLOR, BERTH_DEBUG=1 (stack traces).`;

/** One run of the program: what it was called with and what came of it. */
interface Invocation {
  readonly argv: readonly string[];
  readonly context: CliContext;
  flags: Flags;
  exitCode: number;
}

/** Runs one command line (without the program's name). @returns the exit code. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  const invocation: Invocation = { argv, context, flags: {}, exitCode: 0 };
  try {
    const rows = commandTable(context);
    await createProgram(invocation, rowsFor(argv, rows)).parseAsync(optionsFirst(argv, rows), { from: 'user' });
    return invocation.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportFailure(error, context, invocation.flags);
    if (error.exitCode === 0) return 0;
    return wantsJson(argv) ? reportFailure(misuse(error, context), context, { json: true }) : 2;
  }
}

/** Asked of the words themselves: what is wrong with them keeps them from being read as options. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? undefined : end).includes('--json');
}

/** What the parser says of a wrong command line, for programs. */
function misuse({ message, code }: CommanderError, { program }: CliContext): BerthError {
  const [what = '', advice] = message.split('\n');
  const isHelp = code === 'commander.help';
  return new BerthError('USAGE', isHelp ? 'no command is named' : what.replace(/^error: /, ''), {
    hint: advice?.replace(/^\((.*)\)$/, '$1') ?? `${program} --help`,
  });
}

/** What the parser has to know of: setting all commands up takes longer than most of them take to run. */
function rowsFor([first]: readonly string[], rows: readonly CommandRow[]): readonly CommandRow[] {
  const named = rows.filter(({ name }) => name.split(' ')[0] === first);
  return named.length === 0 ? rows : named;
}

function createProgram(invocation: Invocation, rows: readonly CommandRow[]): Parser {
  const program = prepare(new Parser('berth'), invocation)
    .description('Berth runs a container host from one config file.')
    .version(berthVersion)
    .usage('<command> [options]')
    .enablePositionalOptions()
    .addHelpText('after', exitCodes);
  const parents = new Map<string, Parser>();
  for (const row of rows) {
    const [first = '', second] = row.name.split(' ');
    if (second === undefined) {
      addCommand(program, first, row, invocation);
      continue;
    }
    const parent = parents.get(first) ?? prepare(program.command(first), invocation);
    parent.description(groups[first] ?? '').enablePositionalOptions();
    parents.set(first, parent);
    addCommand(parent, second, row, invocation);
  }
  return program;
}

function addCommand(parent: Parser, name: string, row: CommandRow, invocation: Invocation): void {
  const { args, summary, options = [], passThrough = false, load } = row;
  const { context, argv } = invocation;
  const command = prepare(parent.command(args === undefined ? name : `${name} ${args}`), invocation)
    .description(summary)
    .passThroughOptions(passThrough)
    .addHelpText('after', renderExamples(row));
  for (const { flags, description, parse } of options) {
    if (parse === undefined) command.option(flags, description);
    else command.option(flags, description, parse as (value: string, previous: unknown) => unknown);
  }
  command.action(async () => {
    const flags = readFlags(command);
    invocation.flags = flags;
    const cli = createCli(context, flags, ['berth', ...argv].join(' '), await socketOf(flags, context));
    const run = await load();
    invocation.exitCode = await run(cli, command.args);
  });
}

/** Throws as `vmSocket` does when a VM is named. */
async function socketOf({ vm, socket }: Flags, context: CliContext): Promise<string> {
  if (vm === undefined) return findSocket(socket, context.env);
  const { vmSocket } = await import('./vm-host.ts');
  return vmSocket(context, vm);
}

/** Options of a command and of those above it; the nearest one counts, but colours are off as soon as one says so. */
function readFlags(command: Parser): Flags {
  const levels: Flags[] = [];
  for (let level: Parser | null = command; level !== null; level = level.parent) levels.unshift(level.opts());
  return { ...Object.assign({}, ...levels), color: levels.every(({ color }) => color !== false) } as Flags;
}

/** What every command has; set before it, options may stand before or after the command's name. */
function prepare(command: Parser, { argv, context: { stdout, stderr } }: Invocation): Parser {
  // What is wrong is told once, as JSON.
  const tell = wantsJson(argv) ? () => undefined : (text: string) => void stderr.write(text);
  return command
    .option('--json', 'print JSON')
    .option('--socket <path>', "the agent's socket")
    .option('--vm <name>', 'the agent in this VM')
    .option('--no-color', 'no colours')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(--help shows how it is used)')
    .configureOutput({ writeOut: (text) => void stdout.write(text), writeErr: tell });
}

function renderExamples({ examples }: CommandRow): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  return `\nExamples:\n${examples.map(([line, meaning]) => `  ${line.padEnd(width)}   # ${meaning}`).join('\n')}`;
}
