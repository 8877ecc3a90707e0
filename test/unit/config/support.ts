import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ParseOptions, type ParseResult, parseConfig } from '../../../src/config/parse.ts';

/** The names the examples use; the real catalogue is read from system-containers/ by the services. */
export const catalogue = ['ntp', 'console', 'syslog', 'docker', 'node-exporter'];

export const repository = join(import.meta.dirname, '../../..');

/** The files of cloud-config/. */
export const examples = readdirSync(join(repository, 'cloud-config'))
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => ({
    name: file.replace(/\.yaml$/, ''),
    text: readFileSync(join(repository, 'cloud-config', file), 'utf8'),
  }));

/** Parses one text as a file called `config.yaml`; the header is put in front of it when it has none. */
export function parse(text: string, options: ParseOptions = {}): ParseResult {
  const whole = text.startsWith('#') ? text : `#cloud-config\n${text}`;
  return parseConfig([{ file: 'config.yaml', text: whole }], { catalogue, ...options });
}

/** `2:5 error wrong-type users[0].uid` */
export function brief({ diagnostics }: ParseResult): string[] {
  return diagnostics.map(({ line, column, severity, code, path }) => `${line}:${column} ${severity} ${code} ${path}`);
}
