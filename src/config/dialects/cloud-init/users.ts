import type { GroupConfig, UserConfig } from '../../host-config.ts';
import { honoured } from '../../key-table.ts';
import type { Place } from '../../place.ts';
import { type RecordOf, record } from '../../record-shape.ts';
import {
  convert,
  either,
  type Located,
  list,
  located,
  mapOf,
  natural,
  nothing,
  text,
  truth,
  words,
} from '../../shape.ts';
import { absolutePath, accountName, passwordHash, sshKey } from '../../value-shapes.ts';
import { clearText, hashOf } from './account-password.ts';
import { importedKeys } from './command-shapes.ts';
import type { DeclaredUser } from './default-user.ts';
import type { CloudInitDraft } from './draft.ts';

const groupNames = convert(either(words, mapOf(nothing)), (value) =>
  Array.isArray(value) ? value : Object.keys(value),
);
const sudoRules = convert(either(either(list(text), text), either(nothing, truth)), (value, place) => {
  if (value === true) {
    place.error('invalid-value', 'expected sudo rules; only "false" is meant by a truth value');
    return undefined;
  }
  if (value === null || value === false) return [];
  return typeof value === 'string' ? [value] : value;
});
const userId = convert(either(natural, text), (value, place) => {
  if (typeof value === 'number') return value;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  place.error('invalid-value', `"${value}" is not a user id`);
  return undefined;
});

const fields = {
  name: accountName,
  gecos: text,
  groups: groupNames,
  primary_group: accountName,
  no_user_group: truth,
  homedir: absolutePath,
  no_create_home: truth,
  shell: absolutePath,
  system: truth,
  uid: userId,
  passwd: passwordHash,
  hashed_passwd: passwordHash,
  lock_passwd: truth,
  sudo: sudoRules,
  ssh_authorized_keys: list(sshKey),
  plain_text_passwd: clearText,
  create_groups: { ignored: 'groups named by a user are always created' },
  no_log_init: { ignored: 'Berth keeps no lastlog' },
  doas: { ignored: 'there is no doas on Berth', hint: 'use sudo' },
  expiredate: { ignored: 'accounts do not expire on Berth yet' },
  inactive: { ignored: 'accounts do not expire on Berth yet' },
  selinux_user: { ignored: 'Berth has no SELinux' },
  snapuser: { ignored: 'there is no snap on an immutable host' },
  ssh_import_id: importedKeys,
  ssh_redirect_user: { ignored: 'logins are not redirected on Berth' },
} as const;

/** Deprecated spellings of the same keys. */
const aliases = Object.fromEntries(
  Object.keys(fields)
    .filter((key) => key.includes('_'))
    .map((key) => [key.replaceAll('_', '-'), key]),
);

const namedUser = record(fields, { required: ['name'], aliases });
const anyUser = record(fields, { aliases });
type UserFields = RecordOf<typeof fields, never>;

interface UserEntry {
  readonly name: string;
  readonly fields: UserFields;
  readonly place: Place;
}

const namesOnly = (names: readonly string[], place: Place): UserEntry[] =>
  names.filter((name) => checkName(name, place)).map((name) => ({ name, fields: {}, place }));
const userList = convert(list(located(either(words, namedUser))), (items): UserEntry[] =>
  items.flatMap(({ value, place }) =>
    Array.isArray(value) ? namesOnly(value, place) : [{ name: value.name, fields: value, place }],
  ),
);
const userMap = convert(mapOf(located(either(truth, anyUser)), checkName), (users): UserEntry[] =>
  Object.entries(users)
    .filter(([, { value }]) => value !== false)
    .map(([name, { value, place }]) => ({ name, fields: typeof value === 'boolean' ? {} : value, place })),
);
const userText = convert(located(words), ({ value, place }): UserEntry[] => namesOnly(value, place));

const groupMap = convert(located(mapOf(words, checkName)), ({ value, place }) =>
  Object.entries(value).map(([name, names]) => ({ value: { name, members: names }, place: place.child(name) })),
);
const groupWords = convert(located(words), ({ value, place }): Located<GroupConfig>[] =>
  value.filter((name) => checkName(name, place)).map((name) => ({ value: { name, members: [] }, place })),
);
const groupList = convert(list(either(groupMap, groupWords)), (items) => items.flat());

/** `users`, `user`, the default user's keys, and `groups`. */
export const accountRows = [
  honoured<CloudInitDraft, UserEntry[]>({
    key: 'users',
    meaning: 'users with their groups, SSH keys, password hash and sudo rules; `default` is the user `berth`',
    shape: either(userList, either(userMap, userText)),
    apply(entries, draft, place) {
      const all = onePerName(entries).map((entry): DeclaredUser => {
        return { name: entry.name, place: entry.place, settings: declaredBy(entry.fields, draft) };
      });
      for (const user of all) if (user.name !== 'default') addUser(draft, user);
      draft.users = { place, all };
    },
  }),
  honoured<CloudInitDraft, string | UserFields>({
    key: 'user',
    meaning: 'changes to the default user `berth`; a text is its name',
    shape: either(accountName, anyUser),
    apply(value, draft, place) {
      draft.user = { value: declaredBy(typeof value === 'string' ? { name: value } : value, draft), place };
    },
  }),
  honoured<CloudInitDraft, string[]>({
    key: 'ssh_authorized_keys',
    meaning: 'SSH keys of the default user `berth`, who is created for them when `users` is absent',
    shape: list(sshKey),
    apply(value, draft, place) {
      draft.keys = { value, place };
    },
  }),
  honoured<CloudInitDraft, Located<GroupConfig>[]>({
    key: 'groups',
    meaning: 'groups and their members',
    shape: either(groupList, either(groupMap, groupWords)),
    apply(groups, draft) {
      for (const { value, place } of groups) {
        if (draft.host.isNamed(['groups', value.name])) {
          place.error('duplicate', `the group "${value.name}" stands twice`);
          continue;
        }
        draft.host.config.groups.push({ ...value, members: [...value.members] });
        draft.host.name(['groups', value.name], place);
      }
    },
  }),
];

function checkName(name: string, place: Place): boolean {
  return accountName.read(name, place) !== undefined;
}

/** Entries of one name are one user: what an earlier one says holds, a later one adds to it (cloud-init's ug_util). */
function onePerName(entries: readonly UserEntry[]): UserEntry[] {
  const users = new Map<string, UserEntry>();
  for (const { name, fields, place } of entries) {
    const before = users.get(name);
    if (before !== undefined && Object.keys(fields).every((key) => key === 'name'))
      place.inform('duplicate', `the user "${name}" is in the list already`);
    for (const key of Object.keys(fields)) {
      if (key !== 'name' && before !== undefined && Object.hasOwn(before.fields, key))
        place.warn('no-effect', `"${key}" is not used: an earlier entry of the user "${name}" has it`);
    }
    users.set(name, { name, fields: { ...fields, ...before?.fields }, place: before?.place ?? place });
  }
  return [...users.values()];
}

function addUser({ host }: CloudInitDraft, { name, settings, place }: DeclaredUser): void {
  const createHome = settings.system !== true;
  const defaults = { groups: [], createHome, system: false, lockPassword: true, sudo: [], sshAuthorizedKeys: [] };
  host.config.users.push(structuredClone({ ...defaults, ...settings, name }) as (typeof host.config.users)[number]);
  host.name(['users', name], place);
}

/** A user's settings in the model's words; what was not declared is absent. */
function declaredBy(given: UserFields, { hashPassword }: CloudInitDraft): Partial<UserConfig> {
  const clear = given.plain_text_passwd;
  const hash = clear === undefined ? undefined : hashOf({ value: clear, kind: 'clear' }, hashPassword);
  // useradd(8) without a group of the user's own takes the group "users".
  const primaryGroup = given.primary_group ?? (given.no_user_group === true ? 'users' : undefined);
  const settings: { [K in keyof UserConfig]?: UserConfig[K] | undefined } = {
    name: given.name,
    uid: given.uid,
    gecos: given.gecos,
    primaryGroup,
    groups: given.groups,
    homeDirectory: given.homedir,
    createHome: given.no_create_home === undefined ? undefined : !given.no_create_home,
    shell: given.shell,
    system: given.system,
    passwordHash: given.hashed_passwd ?? given.passwd ?? hash,
    lockPassword: given.lock_passwd,
    sudo: given.sudo,
    sshAuthorizedKeys: given.ssh_authorized_keys,
    sshImportIds: given.ssh_import_id,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
