import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type DialectName, dialectNames } from '../../config/dialects/table.ts';
import type { ParseOptions } from '../../config/parse.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { BerthError, isBerthError } from '../../core/errors.ts';
import type { Cli, CliContext, Command } from '../context.ts';
import { renderDiagnostics, summarizeDiagnostics } from '../diagnostics.ts';
import { butaneInUtf16, readConfigBytes } from '../files.ts';
import { judgeConfig } from '../judge-config.ts';
import { localFilesOf } from '../local-files-directory.ts';

/** `berth validate`: checks each file by itself, without an agent. Exit code 1 when one is rejected. Throws USAGE. */
export const run: Command = async (cli, paths) => {
  const catalogue = await catalogueNames(cli.context);
  const options: ParseOptions = {
    dialect: dialectOf(cli.flags.dialect ?? 'auto'),
    localFiles: localFilesOf(cli),
    ...(catalogue === undefined ? {} : { catalogue }),
  };
  const all: Diagnostic[] = [];
  for (const path of paths) all.push(...(await check(cli, path, options)));
  if (cli.flags.json === true) cli.printJson(all);
  const rejects = ({ severity }: Diagnostic): boolean =>
    severity === 'error' || (severity === 'warning' && cli.flags.strict === true);
  return all.some(rejects) ? 1 : 0;
};

function dialectOf(name: string): DialectName | 'auto' {
  const known = name === 'auto' ? name : dialectNames.find((candidate) => candidate === name);
  if (known !== undefined) return known;
  const names = ['auto', ...dialectNames].join(', ');
  throw new BerthError('USAGE', `--dialect ${name}: there is no such language; it is one of ${names}`);
}

async function check(cli: Cli, path: string, options: ParseOptions): Promise<readonly Diagnostic[]> {
  const print = (text: string): void => {
    if (cli.flags.json !== true) cli.print(text);
  };
  try {
    const { file, bytes } = await readConfigBytes(path, cli.context);
    const text = decode(bytes);
    if (text === undefined) {
      const diagnostic = wholeFile(file, 'not-text', 'is not a text in UTF-8');
      print(renderDiagnostics([diagnostic], [], cli.style));
      return [diagnostic];
    }
    const diagnostics = await judgeConfig({ file, text }, options);
    if (diagnostics.length > 0) print(renderDiagnostics(diagnostics, [{ file, text }], cli.style));
    const summary = diagnostics.length === 0 ? cli.style.good('valid') : summarizeDiagnostics(diagnostics);
    print(`${path}: ${summary}`);
    return diagnostics;
  } catch (error) {
    if (!isBerthError(error, 'CONFIG_UNREADABLE')) throw error;
    const diagnostic = wholeFile(path, 'unreadable', error.message);
    print(renderDiagnostics([diagnostic], [], cli.style));
    return [diagnostic];
  }
}

/** A byte order mark stays: to some languages it makes a difference. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return butaneInUtf16(bytes);
  }
}

function wholeFile(file: string, code: string, message: string): Diagnostic {
  return { file, line: 0, column: 0, path: '', severity: 'error', code, message, hint: null };
}

/** Names of the services that can be enabled; undefined where the catalogue is not at hand, so that names are not checked. */
async function catalogueNames({ projectDirectory }: CliContext): Promise<readonly string[] | undefined> {
  const entries = await readdir(join(projectDirectory, 'system-containers'), { withFileTypes: true }).catch(
    () => undefined,
  );
  return entries?.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
