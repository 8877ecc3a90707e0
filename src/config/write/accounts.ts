import type { GroupConfig, UserConfig } from '../host-config.ts';
import { filled, map, type Written } from './written.ts';

/** An entry of cloud-init's `users`; what is its default there is left out. */
export function writeUser(user: UserConfig): Written {
  const { name, uid, gecos, primaryGroup, groups, homeDirectory, createHome, shell, system } = user;
  return (
    map({
      name,
      gecos,
      uid,
      primary_group: primaryGroup,
      groups: filled(groups),
      homedir: homeDirectory,
      no_create_home: createHome === system ? !createHome : undefined,
      shell,
      system: system ? true : undefined,
      hashed_passwd: user.passwordHash,
      lock_passwd: user.lockPassword ? undefined : false,
      sudo: filled(user.sudo),
      ssh_authorized_keys: filled(user.sshAuthorizedKeys),
      ssh_import_id: user.sshImportIds,
    }) ?? {}
  );
}

/** An entry of `groups`; it has no word for a group's number. */
export function writeGroup({ name, members }: GroupConfig): Written {
  return members.length === 0 ? name : { [name]: members };
}
