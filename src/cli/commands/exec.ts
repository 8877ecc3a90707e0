import type { SessionIo, TerminalSize } from '../../agent/agent-service.ts';
import type { ExecOptions } from '../../engine/container-engine.ts';
import type { Cli, CliContext, Command } from '../context.ts';

/** `berth service exec NAME CMD…`. The exit code is the command's. */
export const exec: Command = async (cli, [name = '', ...command]) => {
  const options = execOptions(cli, withoutDashes(command));
  return attend(cli, options, async (io) => cli.client.exec(name, options, io, cli.context.signal));
};

/** `berth debug NAME`: a shell with tools in the service's namespaces. */
export const debug: Command = async (cli, [name = '', ...command]) => {
  const options = execOptions(cli, command.length === 0 ? ['/bin/sh'] : withoutDashes(command));
  const { image } = cli.flags;
  const debugOptions = { ...options, ...(image === undefined ? {} : { image }) };
  return attend(cli, options, async (io) => cli.client.debug(name, debugOptions, io, cli.context.signal));
};

/** `NAME -- CMD` and `NAME CMD` mean the same. */
function withoutDashes(command: readonly string[]): readonly string[] {
  return command[0] === '--' ? command.slice(1) : command;
}

function execOptions(cli: Cli, command: readonly string[]): ExecOptions {
  const { flags, context } = cli;
  const isTerminal = context.stdin.isTTY === true && context.stdout.isTTY === true && flags.json !== true;
  return {
    command,
    tty: flags.tty ?? isTerminal,
    stdin: flags.json !== true,
    ...(flags.user === undefined ? {} : { user: flags.user }),
    ...(flags.workdir === undefined ? {} : { workingDirectory: flags.workdir }),
    ...(flags.env === undefined ? {} : { environment: flags.env }),
  };
}

/** Joins the person's terminal to the session; with --json the output is collected. */
async function attend(cli: Cli, options: ExecOptions, session: (io: SessionIo) => Promise<number>): Promise<number> {
  const { context, flags } = cli;
  if (flags.json === true) {
    const output = { stdout: '', stderr: '' };
    const exitCode = await session({ onOutput: (stream, chunk) => void (output[stream] += chunk.toString()) });
    cli.printJson({ exitCode, ...output });
    return exitCode;
  }
  const { stdin } = context;
  const isRaw = options.tty && stdin.isTTY === true;
  if (isRaw) stdin.setRawMode?.(true);
  try {
    return await session({
      ...terminalOf(context, options.tty),
      stdin,
      onOutput: (stream, chunk) => void context[stream].write(chunk),
    });
  } finally {
    if (isRaw) stdin.setRawMode?.(false);
  }
}

function terminalOf(context: CliContext, tty: boolean): Pick<SessionIo, 'size' | 'onResize'> {
  const size = sizeOf(context);
  if (!tty || size === undefined) return {};
  const { onResize } = context;
  return {
    size,
    ...(onResize === undefined ? {} : { onResize: (listener) => onResize(() => listener(sizeOf(context) ?? size)) }),
  };
}

function sizeOf({ stdout: { columns, rows } }: CliContext): TerminalSize | undefined {
  return columns === undefined || rows === undefined ? undefined : { columns, rows };
}
