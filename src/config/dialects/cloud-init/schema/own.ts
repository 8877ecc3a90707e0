import {
  anything,
  deprecated,
  exactlyOne,
  fields,
  integer,
  list,
  object,
  type Rule,
  string,
  word,
} from '../../../rule/rule.ts';
import { moduleNames } from './module-names.ts';

const modules = list(exactlyOne({ enum: moduleNames }, { type: 'array' }));

const mergers = exactlyOne(
  string,
  list(
    fields(
      {
        name: word('list', 'dict', 'str'),
        settings: list(
          word(
            'allow_delete',
            'no_replace',
            'replace',
            'append',
            'prepend',
            'recurse_dict',
            'recurse_list',
            'recurse_array',
            'recurse_str',
          ),
        ),
      },
      { required: ['name', 'settings'] },
    ),
    { minItems: 1 },
  ),
);

const outputTarget = exactlyOne(
  string,
  list(string, { minItems: 2, maxItems: 2 }),
  fields({ output: string, error: string }),
);

const notNegative = (rule: Rule): Rule => ({ ...rule, minimum: 0 });
const reporter: Rule = {
  type: 'object',
  oneOf: [
    fields({ type: word('log'), level: word('DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL') }, { required: ['type'] }),
    fields({ type: word('print') }, { required: ['type'] }),
    fields(
      {
        type: word('webhook'),
        endpoint: string,
        consumer_key: string,
        token_key: string,
        token_secret: string,
        consumer_secret: string,
        timeout: notNegative({ type: 'number' }),
        retries: notNegative(integer),
      },
      { required: ['type', 'endpoint'] },
    ),
    fields({ type: word('hyperv'), kvp_file_path: string, event_types: list(string) }, { required: ['type'] }),
  ],
};

/** Keys about cloud-init itself. */
export const ownRules: Readonly<Record<string, Rule>> = {
  cloud_init_modules: modules,
  cloud_config_modules: modules,
  cloud_final_modules: modules,
  'launch-index': integer,
  merge_how: mergers,
  merge_type: mergers,
  system_info: deprecated(object, 'it belongs into the configuration of cloud-init itself'),
  migrate: anything,
  version: anything,
  updates: fields({
    network: fields(
      { when: list(word('boot-new-instance', 'boot-legacy', 'boot', 'hotplug')) },
      { required: ['when'] },
    ),
  }),
  output: fields({ all: outputTarget, init: outputTarget, config: outputTarget, final: outputTarget }),
  reporting: { type: 'object', patternProperties: [[/^[^\n]+\n?$/, reporter]], additionalProperties: false },
};
