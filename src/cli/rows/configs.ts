import type { CommandRow } from '../command-row.ts';
import { collect, oneOf } from '../parameters.ts';
import { filesDir, generation, timeout } from './options.ts';

/** Checking and declaring configs. */
export const configRows: readonly CommandRow[] = [
  {
    name: 'validate',
    args: '<files...>',
    summary: 'check config files, without an agent ("-" is standard input)',
    options: [
      { flags: '--strict', description: 'warnings reject a file, too' },
      { flags: '--dialect <name>', description: "the files' language; by default each one's beginning and name tell" },
      filesDir,
    ],
    examples: [
      ['berth validate web.yaml', 'line, column and hint for everything wrong'],
      ['berth validate --json *.yaml', 'the same as one JSON array'],
      ['berth validate --dialect network-config eth0.yaml', 'a network configuration by itself'],
      ['berth validate --files-dir . fcos.bu', 'Butane with its local files and trees'],
    ],
    load: async () => (await import('../commands/validate.ts')).run,
  },
  {
    name: 'convert',
    args: '<file>',
    summary: 'write a config in another language ("-" is standard input)',
    options: [
      {
        flags: '--to <form>',
        description:
          'berth: #cloud-config with a berth block (default); ignition; machine-config; json: the host config',
        parse: oneOf(['berth', 'ignition', 'machine-config', 'json']),
      },
      filesDir,
      { flags: '--strict', description: 'warnings reject the file, too' },
      { flags: '--pretty', description: 'JSON over several lines' },
    ],
    examples: [
      ['berth convert fcos.bu', 'what the file asks, as a #cloud-config; what has no word there is told'],
      ['berth convert --to ignition --files-dir . fcos.bu', "Butane's own output"],
    ],
    load: async () => (await import('../commands/convert.ts')).run,
  },
  {
    name: 'plan',
    args: '[files...]',
    summary: 'show what applying a config would do',
    options: [generation, { flags: '--detailed-exitcode', description: 'exit with 3 when there is something to do' }],
    examples: [
      ['berth plan web.yaml', 'steps, their cost and their reasons'],
      ['berth plan --generation 3', 'what going back would do'],
    ],
    load: async () => (await import('../commands/plan.ts')).run,
  },
  {
    name: 'apply',
    args: '[files...]',
    summary: 'declare a config and watch the host become it',
    options: [
      generation,
      timeout,
      { flags: '--no-wait', description: 'return when the config is accepted' },
      { flags: '--dry-run', description: 'only show the plan' },
      {
        flags: '--destroy <device>',
        description: 'what is on this disk may be lost; may be given several times',
        parse: collect,
      },
      { flags: '--root <dir>', description: 'write it into this directory tree, without an agent' },
      { flags: '--only <part>', description: 'with --root: "host", the part that a tree can have' },
      { ...filesDir, description: `with --root: ${filesDir.description}` },
    ],
    examples: [
      ['berth apply web.yaml', 'apply a config'],
      ['berth apply --root tree --only host web.ign', 'files, links and accounts, into a directory'],
      ['berth apply --generation 3', 'go back to an earlier one'],
      ['cat web.yaml | berth apply -', 'from standard input'],
    ],
    load: async () => (await import('../commands/apply.ts')).run,
  },
  {
    name: 'config get',
    args: '[key]',
    summary: 'show the config that holds, or one key of it',
    options: [{ flags: '--explain', description: 'which layer and line says so, and what it goes over' }],
    examples: [
      ['berth config get berth.services.web.image', 'one value'],
      ['berth config get --explain', 'every key with its layer, file and line'],
    ],
    load: async () => (await import('../commands/config.ts')).get,
  },
  {
    name: 'config set',
    args: '<key> <value>',
    summary: 'set one key on this host, over everything else that is declared',
    options: [timeout, { flags: '--no-wait', description: 'return when the config is accepted' }],
    examples: [
      ['berth config set timezone Europe/Berlin', 'a text'],
      ['berth config set ntp "{servers: [time.example.org]}"', 'a value as YAML'],
    ],
    load: async () => (await import('../commands/config.ts')).set,
  },
  {
    name: 'config unset',
    args: '<key>',
    summary: 'take back what was set on this host',
    options: [timeout, { flags: '--no-wait', description: 'return when the config is accepted' }],
    examples: [['berth config unset timezone', 'what the files say holds again']],
    load: async () => (await import('../commands/config.ts')).unset,
  },
  {
    name: 'generations',
    args: '[number]',
    summary: 'list the applied configs, or show the text of one',
    examples: [
      ['berth generations', 'what was applied when'],
      ['berth generations 3', 'the text of the third, secrets blanked'],
    ],
    load: async () => (await import('../commands/generations.ts')).run,
  },
];
