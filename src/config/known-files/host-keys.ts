import { formatPath } from '../../core/diagnostic.ts';
import type { SshHostKey, SshKeyType } from '../host-config.ts';
import type { HostDraft } from '../host-draft.ts';
import { asKeyFile, isHostCertificate, privateKeyFault, sshKeyTypes } from '../ssh-host-key.ts';
import { declaredText } from './declared-text.ts';

const pathOf = (type: SshKeyType): string => `/etc/ssh/ssh_host_${type}_key`;

/**
 * Takes the SSH server's keys that are declared as files where OpenSSH has them; a key under `ssh_keys` goes before the file of
 * its type.
 */
export function takeHostKeyFiles(host: HostDraft): void {
  const given = new Set((host.config.ssh?.hostKeys ?? []).map(({ type }) => type));
  for (const type of sshKeyTypes) {
    const key = given.has(type) ? undefined : keyIn(host, type);
    if (key === undefined) continue;
    const place = host.named.get(formatPath(['write_files', pathOf(type)]));
    host.config.ssh = { ...host.config.ssh, hostKeys: [...(host.config.ssh?.hostKeys ?? []), key] };
    if (place !== undefined) host.name(['ssh_keys'], place);
  }
}

function keyIn({ config, named }: HostDraft, type: SshKeyType): SshHostKey | undefined {
  const path = pathOf(type);
  const place = named.get(formatPath(['write_files', path]));
  const text = declaredText(config.files, path);
  if (place === undefined || text === undefined) return undefined;
  const fault =
    text === 'elsewhere' ? 'is on a server, which is asked too late for it' : privateKeyFault(type, text.text);
  if (fault !== undefined || text === 'elsewhere') {
    place.warn(
      'unsupported',
      `${path} is written, and the SSH server does not use it: its content ${fault}`,
      'give the key as it is',
    );
    return undefined;
  }
  const certificate = declaredText(config.files, `${path}-cert.pub`);
  const isUsable =
    certificate !== undefined && certificate !== 'elsewhere' && isHostCertificate(type, certificate.text);
  return { type, privateKey: asKeyFile(text.text), ...(isUsable ? { certificate: certificate.text.trim() } : {}) };
}
