import {
  anyOf,
  boolean,
  exactlyOne,
  fields,
  integer,
  list,
  matching,
  named,
  type Rule,
  string,
  types,
  value,
  word,
} from '../../../rule/rule.ts';

const strings = list(string);
const size = matching(/^([0-9]+)?\.?[0-9]+[BKMGT]\n?$/);
const stringOrStrings: Rule = { ...types('array', 'string'), items: string };

const sizedPartition = list(anyOf(integer, string), { minItems: 2, maxItems: 2 });
const disk = fields({
  table_type: word('mbr', 'gpt'),
  layout: exactlyOne(word('remove'), boolean, list(exactlyOne(integer, sizedPartition))),
  overwrite: boolean,
});

const filesystem = fields({
  label: string,
  filesystem: string,
  device: string,
  // Whole numbers are among the types, but not among the forms.
  partition: { ...types('string', 'integer'), oneOf: [word('auto', 'any', 'none')] },
  overwrite: boolean,
  replace_fs: string,
  extra_opts: stringOrStrings,
  cmd: stringOrStrings,
});

/** Modules disk_setup, growpart, resizefs and mounts. */
export const storageRules: Readonly<Record<string, Rule>> = {
  device_aliases: named(string),
  disk_setup: named(disk),
  fs_setup: list(filesystem),
  growpart: fields({
    mode: exactlyOne(value('auto', 'growpart', 'gpart', 'off'), value(false)),
    devices: strings,
    ignore_growroot_disabled: boolean,
  }),
  resize_rootfs: value(true, false, 'noblock'),
  mounts: list(list(string, { minItems: 1, maxItems: 6 }), { minItems: 1 }),
  mount_default_fields: list(exactlyOne(string, { type: 'null' }), { minItems: 6, maxItems: 6 }),
  swap: fields({
    filename: string,
    size: exactlyOne(value('auto'), integer, size),
    maxsize: exactlyOne(integer, size),
  }),
};
