import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { BerthError, isBerthError, messageOf } from '../core/errors.ts';
import { errnoOf, fileFailure, pathOf, syscallOf } from '../core/file-failure.ts';
import { commandTable } from './command-table.ts';
import type { CliContext, Flags } from './context.ts';
import { createStyle } from './style.ts';
import { asTypedHere } from './typed-here.ts';

/** Tells a person what failed and what to do next; the stack only with BERTH_DEBUG=1. @returns the exit code. */
export function reportFailure(error: unknown, context: CliContext, flags: Flags): number {
  const { stderr, stdout, env } = context;
  const known = asKnown(error, context);
  const code = known?.code ?? 'INTERNAL';
  if (flags.json === true) {
    const { hint = null, retryable = false, details = {} } = known ?? {};
    stdout.write(
      `${JSON.stringify({ error: { code, message: messageOf(known ?? error), hint, retryable, details } })}\n`,
    );
  } else {
    const style = createStyle(stderr, env, flags.color !== false);
    stderr.write(`${style.bad('error:')} ${messageOf(known ?? error)} ${style.dim(`[${code}]`)}\n`);
    if (known?.hint !== undefined) stderr.write(`  hint: ${hintOf(known.hint, context, flags)}\n`);
    if (known === undefined && env['BERTH_DEBUG'] !== '1')
      stderr.write('  hint: this is a bug in Berth; BERTH_DEBUG=1 shows where\n');
  }
  if (env['BERTH_DEBUG'] === '1') stderr.write(`${describeStack(error)}\n`);
  return known?.code === 'USAGE' ? 2 : 1;
}

/** The failure as an expected one; undefined: nobody thought of it. */
function asKnown(error: unknown, { signal }: CliContext): BerthError | undefined {
  if (signal.aborted && !isBerthError(error, 'CANCELLED')) return interrupted(error);
  return isBerthError(error) ? error : fileFailure(refusalBehind(error) ?? error, missingPart(error));
}

/** What fails once somebody has ended it, fails because of that: a program that is called, such as a signer, gets the Ctrl-C, too. */
function interrupted(cause: unknown): BerthError {
  const isAbort =
    errnoOf(cause) === 'ABORT_ERR' || (cause as { readonly name?: unknown } | null)?.name === 'AbortError';
  return new BerthError('CANCELLED', isAbort ? 'interrupted' : `interrupted: ${messageOf(cause)}`, { cause });
}

/** Node says of a folder that it could not make on a read-only file system that it is not there: what the system said of it. */
function refusalBehind(error: unknown): unknown {
  const path = pathOf(error);
  if (path === undefined || errnoOf(error) !== 'ENOENT' || syscallOf(error) !== 'mkdir') return undefined;
  const above = dirname(path);
  if (!existsSync(above)) return undefined;
  try {
    accessSync(above, constants.W_OK);
    return undefined;
  } catch (refusal) {
    return refusal;
  }
}

/** Of a file that is not there, what of its path is not: a folder that is to hold it, perhaps. */
function missingPart(error: unknown): string | undefined {
  let path = pathOf(error);
  if (path === undefined || errnoOf(error) !== 'ENOENT') return path;
  for (let above = dirname(path); !existsSync(above); above = dirname(above)) path = above;
  return path;
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
