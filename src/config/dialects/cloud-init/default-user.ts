import { isDeepStrictEqual } from 'node:util';
import type { UserConfig } from '../../host-config.ts';
import type { Place } from '../../place.ts';

/**
 * cloud-init's default user on Berth: key logins only, may use Docker and become root.
 * It exists when `users` names `default`, when `user` describes it, or when keys are given for it and `users` is absent.
 */
export const defaultUser: UserConfig = {
  name: 'berth',
  gecos: 'Berth',
  groups: ['docker'],
  createHome: true,
  shell: '/bin/bash',
  system: false,
  lockPassword: true,
  sudo: ['ALL=(ALL) NOPASSWD:ALL'],
  sshAuthorizedKeys: [],
};

/** A user as `users` has it: what is said, and nothing else. */
export interface DeclaredUser {
  readonly name: string;
  readonly place: Place;
  readonly settings: Partial<UserConfig>;
}

export interface DefaultUserParts {
  /** What `user` says of it. */
  readonly changes: Partial<UserConfig>;
  /** What `users` says of it, as `default` and by its real name. */
  readonly named: DeclaredUser | undefined;
  readonly own: DeclaredUser | undefined;
  readonly keys: readonly string[];
  readonly importedKeys: readonly string[];
}

/** What the default user is on every host, unless `user` says otherwise. */
const fixed = ['gecos', 'shell', 'lockPassword', 'sudo'] as const satisfies readonly (keyof UserConfig)[];

/** The default user as cloud-init's ug_util puts it together; what is not used is reported. */
export function mergeDefaultUser({ changes, named, own, keys, importedKeys }: DefaultUserParts): UserConfig {
  const entries = [named, own].filter((entry) => entry !== undefined);
  const said = [changes, ...entries.map(({ settings }) => settings)];
  const sshImportIds = [...said.flatMap((one) => one.sshImportIds ?? []), ...importedKeys];
  const base = { ...defaultUser, ...changes };
  const user: UserConfig = structuredClone({
    ...defaultUser,
    ...withoutFixed({ ...own?.settings, ...named?.settings }),
    ...changes,
    name: base.name,
    groups: named?.settings.groups ?? [...new Set([...(own?.settings.groups ?? []), ...base.groups])],
    sshAuthorizedKeys: [...said.flatMap((one) => one.sshAuthorizedKeys ?? []), ...keys],
    ...(sshImportIds.length === 0 ? {} : { sshImportIds }),
  });
  for (const entry of entries) reportUnused(entry, user);
  return user;
}

/** How cloud-init calls a user's settings that differ from the model's; keys of both are put together. */
const keyNames: Readonly<Partial<Record<keyof UserConfig, string>>> = {
  lockPassword: 'lock_passwd',
  primaryGroup: 'primary_group',
  homeDirectory: 'homedir',
  createHome: 'no_create_home',
  passwordHash: 'passwd',
};
const joined: readonly string[] = ['name', 'sshAuthorizedKeys', 'sshImportIds'];

/** cloud-init's own default user, and what `user` says of it, go before what `users` says of it. */
function reportUnused({ settings, place }: DeclaredUser, user: Partial<UserConfig>): void {
  for (const [key, value] of Object.entries(settings) as [keyof UserConfig, unknown][]) {
    const got = user[key];
    const isPart = key === 'groups' && (value as string[]).every((group) => user.groups?.includes(group));
    if (joined.includes(key) || isPart || isDeepStrictEqual(got, value)) continue;
    place.warn(
      'no-effect',
      `"${keyNames[key] ?? key}" is not used: the default user has another one`,
      'write it under "user"',
    );
  }
}

function withoutFixed(settings: Partial<UserConfig>): Partial<UserConfig> {
  return Object.fromEntries(Object.entries(settings).filter(([key]) => !fixed.some((name) => name === key)));
}
