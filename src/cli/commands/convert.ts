import { randomUUID } from 'node:crypto';
import type { ConfigText } from '../../agent/agent-service.ts';
import { ignitionText } from '../../config/dialects/butane/ignition-text.ts';
import { readTranslated } from '../../config/dialects/butane/read-translated.ts';
import { isButane } from '../../config/dialects/butane/recognise.ts';
import { plain } from '../../config/dialects/butane/traced.ts';
import { translateButane } from '../../config/dialects/butane/translate.ts';
import { butaneDiagnostics } from '../../config/dialects/butane/translated-file.ts';
import type { LocalFiles } from '../../config/local-files.ts';
import { dialectOf, type ParseOptions, type ParseResult, parseConfig, sortDiagnostics } from '../../config/parse.ts';
import { validateConfig } from '../../config/validate.ts';
import { notCarriedOver } from '../../config/write/carried-over.ts';
import { writeCloudConfig } from '../../config/write/cloud-config.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { BerthError } from '../../core/errors.ts';
import type { Cli, Command } from '../context.ts';
import { renderDiagnostics } from '../diagnostics.ts';
import { readConfigTexts } from '../files.ts';
import { localFilesOf } from '../local-files-directory.ts';
import { createStyle } from '../style.ts';

/** What a file becomes; nothing when it is rejected. */
interface Converted {
  readonly output: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

interface Request {
  readonly file: ConfigText;
  readonly localFiles: LocalFiles | undefined;
  /** For the salts of clear-text passwords: what is written has hashes only. */
  readonly passwordSeed: string;
  /** Spaces that JSON is indented by. */
  readonly indent: number;
}

/** `berth convert`: writes a config in another language. Exit code 1 when the file is rejected; then nothing is written. */
export const run: Command = async (cli, [path = '', ...others]) => {
  if (others.length > 0) throw new BerthError('USAGE', 'one file is converted at a time');
  const { pretty, strict, to = 'berth' } = cli.flags;
  const files = await readConfigTexts([path], cli.context);
  const [file] = files;
  if (file === undefined) return 1;
  const { output, diagnostics } = converters[to as keyof typeof converters]({
    file,
    localFiles: localFilesOf(cli),
    passwordSeed: randomUUID(),
    indent: pretty === true ? 2 : 0,
  });
  tell(cli, diagnostics, files);
  const isRejected = diagnostics.some(
    ({ severity }) => severity === 'error' || (severity === 'warning' && strict === true),
  );
  if (isRejected || output === undefined) return 1;
  cli.print(output);
  return 0;
};

const converters = {
  berth: toBerth,
  json: toHostConfig,
  ignition: (request) => toIgnition(request, 'ignition'),
  'machine-config': (request) => toIgnition(request, 'machine-config'),
} as const satisfies Readonly<Record<string, (request: Request) => Converted>>;

function toBerth({ file, ...options }: Request): Converted {
  const { config, diagnostics, sources } = parseAccepted(file, options);
  const output = writeCloudConfig(config);
  const { config: back } = parseConfig([{ file: file.file, text: output }], { dialect: 'cloud-init' });
  return { output, diagnostics: [...diagnostics, ...notCarriedOver(config, back, file.file, sources())] };
}

/** What its language accepts is converted: an entry that Berth cannot take is left out, as at a boot, which is a warning. */
function parseAccepted(file: ConfigText, options: ParseOptions): ParseResult {
  const result = parseConfig([file], options);
  const isError = ({ severity }: Diagnostic): boolean => severity === 'error';
  if (!result.diagnostics.some(isError) || validateConfig(file, options).some(isError)) return result;
  const diagnostics = result.diagnostics.map(
    (one): Diagnostic => (isError(one) ? { ...one, severity: 'warning' } : one),
  );
  return { ...result, diagnostics };
}

function toHostConfig({ file, indent, ...options }: Request): Converted {
  const { config, diagnostics } = parseAccepted(file, options);
  return { output: `${JSON.stringify(config, null, indent)}\n`, diagnostics };
}

function toIgnition({ file, localFiles, indent }: Request, target: 'ignition' | 'machine-config'): Converted {
  if (dialectOf(file) !== 'butane' && !isButane(file.text))
    return refused(file, 'only a Butane config can be converted to that');
  const translation = translateButane(file.text, { files: localFiles, target });
  readTranslated(translation);
  const { ignition, machineConfig, spec } = translation;
  const diagnostics = sortDiagnostics(butaneDiagnostics(translation, file.file));
  if (target === 'ignition' || diagnostics.some(({ severity }) => severity === 'error')) {
    return { output: ignition === undefined ? undefined : ignitionText(plain(ignition), indent), diagnostics };
  }
  if (machineConfig !== undefined)
    return { output: `${JSON.stringify(plain(machineConfig), null, indent)}\n`, diagnostics };
  return refused(file, `a MachineConfig is made of the variant openshift, and this is ${spec?.variant ?? 'none'}`);
}

function refused({ file }: ConfigText, message: string): Converted {
  const diagnostic = { file, line: 1, column: 1, path: '', code: 'unsupported-language', message, hint: null };
  return { output: undefined, diagnostics: [{ ...diagnostic, severity: 'error' }] };
}

/** On standard error: standard output is the config's. */
function tell({ context, flags }: Cli, diagnostics: readonly Diagnostic[], files: readonly ConfigText[]): void {
  const { stderr, env } = context;
  if (flags.json === true) stderr.write(`${JSON.stringify(diagnostics)}\n`);
  else if (diagnostics.length > 0) {
    const style = createStyle(stderr, env, flags.color !== false);
    stderr.write(`${renderDiagnostics(diagnostics, files, style)}\n`);
  }
}
