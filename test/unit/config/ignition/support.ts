import { parseConfig } from '../../../../src/config/parse.ts';

export const version = '3.6.0';

/** What Berth makes of an Ignition config, which is given without its version. */
export function parseIgnition(config: object, spec = version): ReturnType<typeof parseConfig> {
  const { ignition = {}, ...rest } = config as { ignition?: object };
  return parseText(JSON.stringify({ ignition: { version: spec, ...ignition }, ...rest }));
}

export function parseText(text: string): ReturnType<typeof parseConfig> {
  return parseConfig([{ file: 'config.ign', text }]);
}

/** `error 3:5 storage.files[0].path: …` */
export function lines({ diagnostics }: ReturnType<typeof parseConfig>): string[] {
  return diagnostics.map(
    ({ severity, line, column, path, message }) => `${severity} ${line}:${column} ${path}: ${message}`,
  );
}

export function dataUrl(text: string): string {
  return `data:,${encodeURIComponent(text)}`;
}
