import { isBerthError, messageOf } from '../core/errors.ts';
import { commandTable } from './command-table.ts';
import type { CliContext, Flags } from './context.ts';
import { createStyle } from './style.ts';
import { asTypedHere } from './typed-here.ts';

/** Tells a person what failed and what to do next; the stack only with BERTH_DEBUG=1. @returns the exit code. */
export function reportFailure(error: unknown, context: CliContext, flags: Flags): number {
  const { stderr, stdout, env } = context;
  const known = isBerthError(error) ? error : undefined;
  const code = known?.code ?? 'INTERNAL';
  if (flags.json === true) {
    const { hint = null, retryable = false, details = {} } = known ?? {};
    stdout.write(`${JSON.stringify({ error: { code, message: messageOf(error), hint, retryable, details } })}\n`);
  } else {
    const style = createStyle(stderr, env, flags.color !== false);
    stderr.write(`${style.bad('error:')} ${messageOf(error)} ${style.dim(`[${code}]`)}\n`);
    if (known?.hint !== undefined) stderr.write(`  hint: ${hintOf(known.hint, context, flags)}\n`);
    if (known === undefined && env['BERTH_DEBUG'] !== '1')
      stderr.write('  hint: this is a bug in Berth; BERTH_DEBUG=1 shows where\n');
  }
  if (env['BERTH_DEBUG'] === '1') stderr.write(`${describeStack(error)}\n`);
  return known?.code === 'USAGE' ? 2 : 1;
}

/** The parts that give hints do not know how this program is called, nor through which VM somebody asks. */
function hintOf(hint: string, context: CliContext, { vm }: Flags): string {
  const commands = new Set(commandTable(context).map(({ name }) => name.split(' ')[0] ?? ''));
  return asTypedHere(hint, { program: context.program, vm, commands });
}

function describeStack(error: unknown): string {
  const lines: string[] = [];
  for (let link = error; link instanceof Error; link = link.cause) lines.push(link.stack ?? link.message);
  return lines.join('\ncaused by: ');
}
