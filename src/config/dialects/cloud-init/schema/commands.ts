import {
  array,
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
  value,
  word,
} from '../../../rule/rule.ts';

const strings = list(string);
const some = { minItems: 1 };

const file = fields(
  {
    path: string,
    content: string,
    source: fields({ uri: string, headers: { type: 'object', additionalProperties: string } }, { required: ['uri'] }),
    owner: string,
    permissions: string,
    encoding: word('gz', 'gzip', 'gz+base64', 'gzip+base64', 'gz+b64', 'gzip+b64', 'b64', 'base64', 'text/plain'),
    append: boolean,
    defer: boolean,
  },
  { required: ['path'] },
);

const posted = word('pub_key_rsa', 'pub_key_ecdsa', 'pub_key_ed25519', 'instance_id', 'hostname', 'fqdn');

/** Modules write_files, bootcmd, runcmd, scripts_vendor, phone_home, power_state_change and final_message. */
export const commandRules: Readonly<Record<string, Rule>> = {
  write_files: list(file, some),
  bootcmd: list(exactlyOne(strings, string), some),
  runcmd: list(exactlyOne(strings, string, { type: 'null' }), some),
  vendor_data: fields({
    enabled: exactlyOne(boolean, deprecated(string, 'write true or false')),
    prefix: { ...types('array', 'string'), items: types('string', 'integer') },
  }),
  phone_home: fields(
    { url: string, post: exactlyOne(value('all'), list(posted)), tries: integer },
    { required: ['url'] },
  ),
  power_state: fields(
    {
      delay: exactlyOne({ ...integer, minimum: 0 }, matching(/^\+?[0-9]+\n?$/), value('now')),
      mode: word('poweroff', 'reboot', 'halt'),
      message: string,
      timeout: integer,
      condition: exactlyOne(string, boolean, array),
    },
    { required: ['mode'] },
  ),
  final_message: string,
};
