import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseConfig } from '../../config/parse.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { isBerthError } from '../../core/errors.ts';
import type { CliContext, Command } from '../context.ts';
import { renderDiagnostics, summarizeDiagnostics } from '../diagnostics.ts';
import { readConfigTexts } from '../files.ts';

/** `berth validate`: checks each file by itself, without an agent. Exit code 1 when one is rejected. */
export const run: Command = async (cli, paths) => {
  const catalogue = await catalogueNames(cli.context);
  const all: Diagnostic[] = [];
  for (const path of paths) {
    const diagnostics = await check(
      path,
      cli.context,
      catalogue,
      cli.flags.json === true ? undefined : (text) => cli.print(text),
      cli.style,
    );
    all.push(...diagnostics);
  }
  if (cli.flags.json === true) cli.printJson(all);
  const isBad = all.some(
    ({ severity }) => severity === 'error' || (severity === 'warning' && cli.flags.strict === true),
  );
  return isBad ? 1 : 0;
};

async function check(
  path: string,
  context: CliContext,
  catalogue: readonly string[] | undefined,
  print: ((text: string) => void) | undefined,
  style: Parameters<typeof renderDiagnostics>[2],
): Promise<readonly Diagnostic[]> {
  try {
    const files = await readConfigTexts([path], context);
    const { diagnostics } = parseConfig(files, catalogue === undefined ? {} : { catalogue });
    if (diagnostics.length > 0) print?.(renderDiagnostics(diagnostics, files, style));
    print?.(
      diagnostics.length === 0 ? `${path}: ${style.good('valid')}` : `${path}: ${summarizeDiagnostics(diagnostics)}`,
    );
    return diagnostics;
  } catch (error) {
    if (!isBerthError(error, 'CONFIG_UNREADABLE')) throw error;
    const diagnostic: Diagnostic = {
      file: path,
      line: 0,
      column: 0,
      path: '',
      severity: 'error',
      code: 'unreadable',
      message: error.message,
      hint: null,
    };
    print?.(renderDiagnostics([diagnostic], [], style));
    return [diagnostic];
  }
}

/** Names of the services that can be enabled; undefined where the catalogue is not at hand, so that names are not checked. */
async function catalogueNames({ projectDirectory }: CliContext): Promise<readonly string[] | undefined> {
  const entries = await readdir(join(projectDirectory, 'system-containers'), { withFileTypes: true }).catch(
    () => undefined,
  );
  return entries?.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
