import { join } from 'node:path';
import { runCommand } from '../../../image/command.ts';

/** Files of a key and its certificate. */
export interface KeyFiles {
  readonly key: string;
  readonly certificate: string;
}

/** Makes a key for Secure Boot, as docs/image.md says. @param kind as `openssl req -newkey` takes it. */
export async function makeKey(directory: string, name: string, kind = 'rsa:2048'): Promise<KeyFiles> {
  const files = { key: join(directory, `${name}.key`), certificate: join(directory, `${name}.crt`) };
  const algorithm = kind === 'ec' ? ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'] : [kind];
  const out = ['-nodes', '-keyout', files.key, '-out', files.certificate];
  await runCommand('openssl', [
    ...['req', '-x509', '-sha256', '-days', '3650', '-subj', `/O=Example/CN=${name}`],
    ...['-newkey', ...algorithm, ...out],
  ]);
  return files;
}
