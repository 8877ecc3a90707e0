import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../../image/command.ts';

/** A certificate authority of the test's, and a server's certificate by it: paths of PEM files. */
export interface Authority {
  readonly certificate: string;
  readonly serverCertificate: string;
  readonly serverKey: string;
}

/** @param names the server's, as subjectAltName has them: `DNS:a.example`, `IP:192.0.2.1`. */
export async function makeAuthority(directory: string, names: readonly string[]): Promise<Authority> {
  await mkdir(directory, { recursive: true });
  const at = (name: string) => join(directory, name);
  const [certificate, key] = [at('ca.pem'), at('ca.key')];
  const [serverCertificate, serverKey] = [at('server.pem'), at('server.key')];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const authority = ['-subj', '/CN=Test authority', '-keyout', key, '-out', certificate];
  await runCommand('openssl', [...request, ...authority]);
  const extensions = ['-addext', `subjectAltName=${names.join(',')}`, '-addext', 'basicConstraints=critical,CA:FALSE'];
  const server = ['-subj', '/CN=server', '-keyout', serverKey, '-out', serverCertificate];
  await runCommand('openssl', [...request, '-CA', certificate, '-CAkey', key, ...server, ...extensions]);
  return { certificate, serverCertificate, serverKey };
}
