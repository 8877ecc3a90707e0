import type { Diagnostic } from '../../../core/diagnostic.ts';
import { berthKeys } from '../../berth/keys.ts';

const top = 'it stands at the top level';
const apt = 'older cloud-inits took it; apt has no effect on Berth: remove the key';
const path = 'write "path"';
const owner = 'write "owner: USER:GROUP"';

/** What people write for a key that cloud-init has not, or has in another place, by its path without indexes. */
const mistaken: ReadonlyMap<string, string> = new Map([
  ['repo_update', 'write "package_update"'],
  ['repo_upgrade', 'write "package_upgrade"'],
  ['update', 'write "package_update"'],
  ['upgrade', 'write "package_upgrade"'],
  ['apt_sources', 'write "sources" under "apt"'],
  ...[
    ...['apt_preserve_sources_list', 'apt_mirror', 'apt_mirror_search', 'apt_mirror_search_dns', 'apt_proxy'],
    ...['apt_http_proxy', 'apt_https_proxy', 'apt_ftp_proxy', 'apt_conf', 'add_apt_repo_match'],
  ].map((key) => [key, apt] as const),
  ['local-hostname', 'it belongs into the meta-data of the datasource; here it is "hostname"'],
  ['instance-id', 'it belongs into the meta-data of the datasource'],
  ['debug', 'no cloud-init reads it: remove the key'],
  ['files', 'write "write_files"'],
  ['commands', 'write "runcmd"'],
  ['username', 'write "user"'],
  ['reboot', 'write "power_state" with "mode: reboot"'],
  ['netplan', 'write it as "network" under "berth"'],
  ['users[].home', 'write "homedir"'],
  ['users[].username', 'write "name"'],
  ['users[].password', 'write "plain_text_passwd", or "passwd" for a hash'],
  ['users[].principal_group', 'write "primary_group"'],
  ['users[].gid', 'write "primary_group", with the name of the group'],
  ['users[].ssh_key', 'write "ssh_authorized_keys", a list'],
  ['users[].ssh_keys', 'write "ssh_authorized_keys"'],
  ['users[].sudoers', 'write "sudo"'],
  ['users[].ssh_pwauth', top],
  ['users[].chpasswd', top],
  ['write_files[].mode', 'write "permissions"'],
  ['write_files[].data', 'write "content"'],
  ['write_files[].user', owner],
  ['write_files[].group', owner],
  ...['file', 'filename', 'name', 'dest', 'destination', 'target'].map(
    (key) => [`write_files[].${key}`, path] as const,
  ),
]);

const berths: ReadonlySet<string> = new Set(berthKeys.map(({ key }) => key));

/** The same, with what to write instead of an unknown key where it is known what people mean by it. Pure. */
export function withKeyAdvice(diagnostic: Diagnostic): Diagnostic {
  if (diagnostic.code !== 'unknown-key') return diagnostic;
  const key = diagnostic.path.replace(/\[\d+\]/g, '[]');
  const hint = mistaken.get(key) ?? (berths.has(key) ? 'move it under "berth"' : undefined);
  return hint === undefined ? diagnostic : { ...diagnostic, hint };
}
