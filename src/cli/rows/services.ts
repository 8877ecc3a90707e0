import type { CommandRow, OptionRow } from '../command-row.ts';
import { collect } from '../parameters.ts';

const sessionOptions: readonly OptionRow[] = [
  { flags: '-u, --user <user>', description: 'run as this user' },
  { flags: '-w, --workdir <dir>', description: 'run in this directory' },
  { flags: '-e, --env <NAME=value>', description: 'set a variable; may be given several times', parse: collect },
  { flags: '-t, --tty', description: 'with a terminal, even when this is none' },
  { flags: '--no-tty', description: 'without a terminal' },
];

const wishes = {
  enable: 'run services of the catalogue, or your own that have profiles, from now on',
  disable: 'do not run catalogue services from now on',
  start: 'start services that were stopped',
  stop: 'stop services until they are started again',
  restart: 'stop services and start them again',
} as const;

/** Steering services. */
export const serviceRows: readonly CommandRow[] = [
  {
    name: 'service list',
    summary: 'list the services, and those that could be enabled',
    examples: [['berth service list', 'a table of services']],
    load: async () => (await import('../commands/service.ts')).list,
  },
  {
    name: 'service graph',
    summary: 'show which service needs which',
    options: [{ flags: '--dot', description: "in Graphviz' language" }],
    examples: [['berth service graph --dot | dot -Tsvg > graph.svg', 'draw it']],
    load: async () => (await import('../commands/service.ts')).graph,
  },
  ...Object.entries(wishes).map(
    ([wish, summary]): CommandRow => ({
      name: `service ${wish}`,
      args: '<names...>',
      summary,
      examples: [[`berth service ${wish} ntp`, summary]],
      load: async () => (await import('../commands/service.ts')).wish(wish as keyof typeof wishes),
    }),
  ),
  {
    name: 'service exec',
    args: '<name> <command...>',
    summary: 'run a command in a running service; its exit code is ours',
    options: sessionOptions,
    passThrough: true,
    examples: [
      ['berth service exec web -- ls -l /', 'run a program'],
      ['berth service exec web sh', 'a shell, where the image has one'],
    ],
    load: async () => (await import('../commands/exec.ts')).exec,
  },
  {
    name: 'debug',
    args: '<name> [command...]',
    summary: 'open a shell with tools beside a running service, in its namespaces',
    options: [
      { flags: '--image <reference>', description: 'the image with the tools (default: the host’s own)' },
      ...sessionOptions,
    ],
    passThrough: true,
    examples: [
      ['berth debug web', 'a shell'],
      ['berth debug web -- ps aux', 'one command'],
    ],
    load: async () => (await import('../commands/exec.ts')).debug,
  },
];
