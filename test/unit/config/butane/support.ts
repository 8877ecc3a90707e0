import { readTranslated } from '../../../../src/config/dialects/butane/read-translated.ts';
import { plain } from '../../../../src/config/dialects/butane/traced.ts';
import { type TranslateOptions, translateButane } from '../../../../src/config/dialects/butane/translate.ts';
import { butaneDiagnostics } from '../../../../src/config/dialects/butane/translated-file.ts';

/** What a config of the version becomes; `1:2 error code path` for each thing found. */
export function translated(body: string, version = 'fcos 1.5.0', options: TranslateOptions = {}) {
  const [variant = '', number = ''] = version.split(' ');
  const translation = translateButane(`variant: ${variant}\nversion: ${number}\n${body}`, options);
  readTranslated(translation);
  const diagnostics = butaneDiagnostics(translation, 'f');
  const { ignition, machineConfig } = translation;
  return {
    ignition: ignition === undefined ? undefined : plain(ignition),
    machineConfig: machineConfig === undefined ? undefined : plain(machineConfig),
    found: diagnostics.map(({ line, column, severity, code, path }) => `${line}:${column} ${severity} ${code} ${path}`),
  };
}
