import {
  boolean,
  deprecated,
  exactlyOne,
  fields,
  integer,
  list,
  matching,
  type Rule,
  string,
  types,
  word,
} from '../../../rule/rule.ts';

const strings = list(string);
const someStrings = list(string, { minItems: 1 });

const userFields = {
  create_groups: boolean,
  hashed_passwd: string,
  lock_passwd: boolean,
  no_create_home: boolean,
  no_log_init: boolean,
  no_user_group: boolean,
  plain_text_passwd: string,
  primary_group: string,
  selinux_user: string,
  ssh_authorized_keys: someStrings,
  ssh_import_id: someStrings,
  ssh_redirect_user: boolean,
};
/** Deprecated spellings of the same keys. */
const dashed = Object.fromEntries(
  Object.entries(userFields).map(([key, rule]) => [key.replaceAll('_', '-'), deprecated(rule, `use "${key}"`)]),
);

const groupsMapping: Rule = {
  type: 'object',
  patternProperties: [[/^[^\n]+\n?$/, deprecated({ type: 'null' }, 'give a list of names')]],
};

const user = fields(
  {
    ...userFields,
    ...dashed,
    name: string,
    doas: someStrings,
    expiredate: { type: 'string', format: 'date' },
    gecos: string,
    groups: exactlyOne(string, someStrings, groupsMapping),
    homedir: string,
    inactive: string,
    passwd: string,
    shell: string,
    snapuser: string,
    system: boolean,
    sudo: exactlyOne(types('string', 'null'), list(types('string', 'null')), boolean),
    uid: exactlyOne(integer, string),
  },
  { oneOf: [{ required: ['name'] }, { required: ['snapuser'] }] },
);

const members: Rule = { type: ['string', 'array'], items: string, minItems: 1 };
const byGroupName = { patternProperties: [[/^[^\n]+\n?$/, members]], additionalProperties: false } as const;

/** One of these, and only the first kind has a password. */
const passwordChange: Rule = {
  type: 'object',
  anyOf: [
    fields({ name: string, type: word('RANDOM') }, { required: ['name', 'type'] }),
    fields({ name: string, type: word('hash', 'text'), password: string }, { required: ['name', 'password'] }),
  ],
};

/** Modules users_groups, set_passwords, ssh, ssh_import_id, ssh_authkey_fingerprints and keys_to_console. */
export const accountRules: Readonly<Record<string, Rule>> = {
  users: {
    type: ['string', 'array', 'object'],
    items: exactlyOne(string, strings, user),
  },
  user: exactlyOne(string, user),
  groups: {
    type: ['string', 'object', 'array'],
    ...byGroupName,
    items: { type: ['string', 'object'], ...byGroupName },
    minItems: 1,
  },
  password: string,
  ssh_pwauth: exactlyOne(boolean, string),
  chpasswd: fields({
    expire: boolean,
    users: list(passwordChange),
    list: deprecated(
      { oneOf: [string, list(matching(/^[^\n]+:[^\n]+\n?$/))], minItems: 1 },
      'give the passwords under "users"',
    ),
  }),
  ssh_keys: {
    type: 'object',
    patternProperties: [[/^(ecdsa|ed25519|rsa)_(public|private|certificate)\n?$/, string]],
    additionalProperties: false,
  },
  ssh_authorized_keys: someStrings,
  ssh_deletekeys: boolean,
  ssh_genkeytypes: list(word('ecdsa', 'ed25519', 'rsa'), { minItems: 1 }),
  disable_root: boolean,
  disable_root_opts: string,
  allow_public_ssh_keys: boolean,
  ssh_quiet_keygen: boolean,
  ssh_publish_hostkeys: fields({ enabled: boolean, blacklist: strings }),
  ssh_import_id: strings,
  no_ssh_fingerprints: boolean,
  authkey_hash: string,
  ssh: fields({ emit_keys_to_console: boolean }, { required: ['emit_keys_to_console'] }),
  ssh_key_console_blacklist: list(string, { uniqueItems: true }),
  ssh_fp_console_blacklist: list(string, { uniqueItems: true }),
};
