import {
  boolean,
  deprecated,
  exactlyOne,
  fields,
  integer,
  list,
  matching,
  number,
  object,
  openFields,
  type Rule,
  string,
  word,
} from '../../../rule/rule.ts';

const strings = list(string);
const notNegative: Rule = { ...number, minimum: 0 };

/** As many keys of one kind. */
function all(rule: Rule, ...keys: readonly string[]): Record<string, Rule> {
  return Object.fromEntries(keys.map((key) => [key, rule]));
}

const pull = fields(
  {
    ...all(boolean, 'accept_host_key', 'clean', 'full', 'diff', 'verify_commit'),
    ...all(string, 'ssh_common_args', 'scp_extra_args', 'sftp_extra_args', 'private_key', 'checkout', 'module_path'),
    ...all(string, 'timeout', 'url', 'connection', 'vault_id', 'vault_password_file', 'inventory', 'module_name'),
    ...all(string, 'sleep', 'tags', 'skip_tags'),
    playbook_name: deprecated(string, 'use "playbook_names"'),
    playbook_names: strings,
  },
  { oneOf: [{ required: ['url', 'playbook_name'] }, { required: ['url', 'playbook_names'] }] },
);

const playbookRun = openFields({
  ...all(string, 'playbook_name', 'playbook_dir', 'become_password_file', 'connection_password_file', 'vault_id'),
  ...all(string, 'vault_password_file', 'module_path', 'args', 'extra_vars', 'inventory', 'scp_extra_args'),
  ...all(string, 'sftp_extra_args', 'private_key', 'connection', 'module_name', 'sleep', 'tags', 'skip_tags'),
  ...all(boolean, 'list_hosts', 'syntax_check', 'check', 'diff'),
  ...all(notNegative, 'timeout', 'background', 'poll', 'forks'),
});

const ansible = fields({
  install_method: word('distro', 'pip'),
  run_user: string,
  ansible_config: string,
  setup_controller: fields({
    repositories: list(fields({ path: string, source: string }, { required: ['path', 'source'] })),
    run_ansible: list(playbookRun),
  }),
  galaxy: fields({ actions: list(list(matching(/^[^\n]*\n?$/))) }, { required: ['actions'] }),
  package_name: string,
  pull: exactlyOne(list(pull), deprecated(pull, 'give a list')),
});

const chef = fields(
  {
    ...all(string, 'config_path', 'validation_cert', 'validation_key', 'firstboot_path', 'client_key', 'environment'),
    ...all(string, 'encrypted_data_bag_secret', 'file_backup_path', 'file_cache_path', 'json_attribs', 'log_level'),
    ...all(string, 'log_location', 'node_name', 'omnibus_url', 'omnibus_version', 'pid_file', 'server_url'),
    ...all(string, 'ssl_verify_mode', 'validation_name'),
    ...all(boolean, 'exec', 'show_time', 'force_install'),
    directories: list(string, { minItems: 1, uniqueItems: true }),
    omnibus_url_retries: integer,
    initial_attributes: object,
    install_type: word('packages', 'gems', 'omnibus'),
    run_list: strings,
    chef_license: word('accept', 'accept-silent', 'accept-no-persist'),
  },
  { minProperties: 1 },
);

const puppet = fields({
  ...all(boolean, 'install', 'cleanup', 'exec', 'start_service'),
  ...all(string, 'version', 'collection', 'aio_install_url', 'conf_file', 'ssl_dir', 'csr_attributes_path'),
  package_name: string,
  install_type: word('packages', 'aio'),
  exec_args: strings,
  conf: fields({ ...all(object, 'main', 'server', 'agent', 'user'), ca_cert: string }),
  csr_attributes: fields(all(object, 'custom_attributes', 'extension_requests')),
});

const landscapeClient = openFields(
  {
    ...all(string, 'url', 'ping_url', 'data_path', 'computer_title', 'account_name', 'registration_key'),
    ...all(string, 'http_proxy', 'https_proxy'),
    log_level: word('debug', 'info', 'warning', 'error', 'critical'),
    tags: matching(/^[-_0-9a-zA-Z]+(,[-_0-9a-zA-Z]+)*\n?$/),
  },
  { required: ['account_name', 'computer_title'] },
);

const mcollectiveConf: Rule = {
  ...fields(all(string, 'public-cert', 'private-cert')),
  patternProperties: [[/^[^\n]+\n?$/, exactlyOne(boolean, integer, string)]],
};

/** Modules ansible, chef, puppet, salt_minion, mcollective and landscape. */
export const agentRules: Readonly<Record<string, Rule>> = {
  ansible,
  chef,
  puppet,
  salt_minion: fields({
    ...all(string, 'pkg_name', 'service_name', 'config_dir', 'public_key', 'private_key', 'pki_dir'),
    ...all(object, 'conf', 'grains'),
  }),
  mcollective: fields({ conf: mcollectiveConf }),
  landscape: fields({ client: landscapeClient }, { required: ['client'] }),
};
