import type { CliContext, Command } from './context.ts';
import { collect, parseBytes, parseCount, parseMoment, parseSeconds } from './parameters.ts';

/** An option of a command, in commander's notation. */
export interface OptionRow {
  readonly flags: string;
  readonly description: string;
  readonly parse?: (value: string, previous: never) => unknown;
}

/** A command as the command line knows it; its code is loaded when it runs. */
export interface CommandRow {
  /** `service graph` is a command of the group `service`. */
  readonly name: string;
  readonly args?: string;
  readonly summary: string;
  readonly options?: readonly OptionRow[];
  /** Complete command lines, with what they do. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** It runs another program: what follows the first argument (and our options) is that one's. */
  readonly passThrough?: boolean;
  readonly load: () => Promise<Command>;
}

const generation: OptionRow = {
  flags: '--generation <n>',
  description: 'an earlier generation instead of files',
  parse: parseCount,
};
const state: OptionRow = { flags: '--state <dir>', description: 'where the instance keeps its data' };
const runDirectory: OptionRow = { flags: '--run <dir>', description: 'where the instance puts its sockets' };
const engine: OptionRow = {
  flags: '--engine <url>',
  description: 'use this running engine for your services: unix:///var/run/docker.sock',
};
const timeout: OptionRow = {
  flags: '--timeout <time>',
  description: 'how long to wait for all to be well (default: 5m)',
  parse: parseSeconds,
};

const imageOptions: readonly OptionRow[] = [
  { flags: '--arch <arch>', description: "amd64 or arm64 (default: this machine's)" },
  { flags: '--kernel <flavour>', description: 'cloud, or generic for real hardware (default: cloud)' },
  { flags: '--fast', description: 'for development: quicker to make, bigger to download' },
];

const stopTimeout: OptionRow = {
  flags: '--timeout <time>',
  description: 'how long a VM may take to power off before it is ended (default: 90s)',
  parse: parseSeconds,
};
const force: OptionRow = { flags: '--force', description: 'end it at once, as if the power went' };

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

/** All commands, in the order of the help text. */
export function commandTable({ clock }: Pick<CliContext, 'clock'>): readonly CommandRow[] {
  const since: OptionRow = {
    flags: '--since <time>',
    description: 'from this time on: 10m, or 2026-05-01T12:00:00Z',
    parse: parseMoment(() => clock.now()),
  };
  return [
    {
      name: 'up',
      summary: 'start a host in a virtual machine, or with --local beside what runs on this machine',
      options: [
        {
          flags: '--config <file>',
          description: 'its config (default: what it has, at first cloud-config/minimal.yaml)',
        },
        { flags: '--name <name>', description: 'which VM (default: berth)' },
        { flags: '--memory <size>', description: 'memory of the VM (default: 2G)', parse: parseBytes },
        { flags: '--cpus <n>', description: 'processors of the VM (default: 2)', parse: parseCount },
        { flags: '--disk-size <size>', description: 'its disk; it can only grow (default: 8G)', parse: parseBytes },
        { flags: '--image <file>', description: 'a disk image for a new VM (default: built from this checkout)' },
        {
          flags: '--seed <form>',
          description: 'how it is handed its config: nocloud-vfat, nocloud-iso, config-drive (default: nocloud-vfat)',
        },
        { flags: '--local', description: 'no VM: a harmless instance on this machine, as root' },
        { ...state, description: `with --local: ${state.description}` },
        { ...runDirectory, description: `with --local: ${runDirectory.description}` },
        { ...engine, description: `with --local: ${engine.description}` },
        { ...timeout, description: 'how long to wait for all to be well (default: 10m, with --local 5m)' },
      ],
      examples: [
        ['berth up', 'from nothing to a running host'],
        ['berth up --config web.yaml --name web --memory 4G', 'with your own config, in a VM of that name'],
        ['berth up --local', 'on this machine, without a VM'],
      ],
      load: async () => (await import('./commands/up.ts')).run,
    },
    {
      name: 'down',
      args: '[name]',
      summary: 'stop what "berth up" started; data stays',
      options: [
        { flags: '--local', description: 'the instance on this machine, not a VM' },
        state,
        runDirectory,
        stopTimeout,
        force,
      ],
      examples: [
        ['berth down', 'power the VM off'],
        ['berth down --local', 'stop the local instance'],
      ],
      load: async () => (await import('./commands/down.ts')).run,
    },
    {
      name: 'validate',
      args: '<files...>',
      summary: 'check config files, without an agent ("-" is standard input)',
      options: [{ flags: '--strict', description: 'warnings reject a file, too' }],
      examples: [
        ['berth validate web.yaml', 'line, column and hint for everything wrong'],
        ['berth validate --json *.yaml', 'the same as one JSON array'],
      ],
      load: async () => (await import('./commands/validate.ts')).run,
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
      load: async () => (await import('./commands/plan.ts')).run,
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
      ],
      examples: [
        ['berth apply web.yaml', 'apply a config'],
        ['berth apply --generation 3', 'go back to an earlier one'],
        ['cat web.yaml | berth apply -', 'from standard input'],
      ],
      load: async () => (await import('./commands/apply.ts')).run,
    },
    {
      name: 'status',
      summary: 'show the host, its engines and its services',
      examples: [
        ['berth status', 'everything at a glance'],
        ['berth status --json', 'the same for programs'],
      ],
      load: async () => (await import('./commands/status.ts')).run,
    },
    {
      name: 'why',
      args: '<subject>',
      summary: 'tell why a service or a config key is as it is',
      examples: [
        ['berth why web', 'what led to the state of a service'],
        ['berth why berth.services.web.image', 'what a config key did'],
      ],
      load: async () => (await import('./commands/why.ts')).run,
    },
    {
      name: 'logs',
      args: '<service>',
      summary: 'show the output of a service',
      options: [
        { flags: '-f, --follow', description: 'go on with new lines' },
        { flags: '-n, --lines <n>', description: 'only the last lines', parse: parseCount },
        since,
        { flags: '-t, --timestamps', description: 'with the time of each line' },
      ],
      examples: [
        ['berth logs web', 'all that is kept'],
        ['berth logs -f -n 20 web', 'the last 20 lines and what follows'],
      ],
      load: async () => (await import('./commands/logs.ts')).run,
    },
    {
      name: 'service list',
      summary: 'list the services, and those that could be enabled',
      examples: [['berth service list', 'a table of services']],
      load: async () => (await import('./commands/service.ts')).list,
    },
    {
      name: 'service graph',
      summary: 'show which service needs which',
      options: [{ flags: '--dot', description: "in Graphviz' language" }],
      examples: [['berth service graph --dot | dot -Tsvg > graph.svg', 'draw it']],
      load: async () => (await import('./commands/service.ts')).graph,
    },
    ...Object.entries(wishes).map(
      ([wish, summary]): CommandRow => ({
        name: `service ${wish}`,
        args: '<names...>',
        summary,
        examples: [[`berth service ${wish} ntp`, summary]],
        load: async () => (await import('./commands/service.ts')).wish(wish as keyof typeof wishes),
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
      load: async () => (await import('./commands/exec.ts')).exec,
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
      load: async () => (await import('./commands/exec.ts')).debug,
    },
    {
      name: 'ledger',
      summary: 'list the steps that were carried out',
      options: [
        { flags: '-n, --lines <n>', description: 'the last steps (default: 30)', parse: parseCount },
        { flags: '--subject <subject>', description: 'only those that concern a service, a subject or a config key' },
        since,
      ],
      examples: [
        ['berth ledger --subject web', 'what happened to a service'],
        ['berth ledger --since 1h --json', 'the last hour, for programs'],
      ],
      load: async () => (await import('./commands/ledger.ts')).run,
    },
    {
      name: 'generations',
      args: '[number]',
      summary: 'list the applied configs, or show the text of one',
      examples: [
        ['berth generations', 'what was applied when'],
        ['berth generations 3', 'the text of the third, secrets blanked'],
      ],
      load: async () => (await import('./commands/generations.ts')).run,
    },
    {
      name: 'reconcile',
      summary: 'compare the host with its config now',
      examples: [['berth reconcile', 'one round']],
      load: async () => (await import('./commands/reconcile.ts')).run,
    },
    {
      name: 'agent',
      summary: 'run the daemon in the foreground',
      options: [
        { flags: '--local', description: 'touch nothing of the host itself' },
        { flags: '--config <file>', description: 'apply this at start when nothing was applied yet' },
        state,
        runDirectory,
        engine,
      ],
      examples: [['berth agent --local --state ./state', 'a harmless instance of your own']],
      load: async () => (await import('./commands/agent.ts')).run,
    },
    {
      name: 'image build',
      summary: 'build the operating system as a disk image',
      options: [
        ...imageOptions,
        { flags: '--version <version>', description: "the release's version (default: that of this program)" },
        {
          flags: '--format <format>',
          description: 'raw, qcow2, vmdk, vhd, gce or all; may be given several times (default: raw)',
          parse: collect,
        },
        { flags: '--out <dir>', description: 'where to write it (default: berth-VERSION-ARCH here)' },
        { flags: '--locked', description: 'refuse other packages than those of the package lock' },
      ],
      examples: [
        ['berth image build --format qcow2', 'a disk for QEMU and most clouds'],
        ['berth image build --arch arm64 --kernel generic', 'for a server with an ARM processor'],
      ],
      load: async () => (await import('./commands/image.ts')).build,
    },
    {
      name: 'image inspect',
      args: '<file>',
      summary: 'show what is on a disk image, and whether it is intact',
      examples: [['berth image inspect berth-0.2.0-amd64.raw.zst', 'its partitions, boot entries and slots']],
      load: async () => (await import('./commands/image.ts')).inspect,
    },
    {
      name: 'image bump',
      summary: 'move the package lock to the newest packages, and tell what that fixes',
      options: imageOptions,
      examples: [['berth image bump', 'what a new release would bring']],
      load: async () => (await import('./commands/image.ts')).bump,
    },
    {
      name: 'vm list',
      summary: 'list the virtual machines',
      examples: [['berth vm list', 'their names, states and ports']],
      load: async () => (await import('./commands/vm.ts')).list,
    },
    {
      name: 'vm ssh',
      args: '<name> [command...]',
      summary: 'log in to a VM, or run a command there; its exit code is ours',
      passThrough: true,
      examples: [
        ['berth vm ssh berth', 'a shell in the console container'],
        ['berth vm ssh berth -- docker ps', 'one command'],
      ],
      load: async () => (await import('./commands/vm.ts')).ssh,
    },
    {
      name: 'vm console',
      args: '[name]',
      summary: 'join the serial console of a VM; Ctrl-] leaves it',
      examples: [['berth vm console', 'what the screen of a server would show']],
      load: async () => (await import('./commands/vm.ts')).console,
    },
    {
      name: 'vm logs',
      args: '[name]',
      summary: 'show what the serial console of a VM said since it was started',
      options: [
        { flags: '-f, --follow', description: 'go on until the VM ends' },
        { flags: '-n, --lines <n>', description: 'only the last lines', parse: parseCount },
      ],
      examples: [['berth vm logs -f', 'watch it boot']],
      load: async () => (await import('./commands/vm-logs.ts')).run,
    },
    {
      name: 'vm api',
      args: '[name]',
      summary: 'open the way to the API of a VM, and print its socket',
      examples: [
        ['berth vm api', 'for --socket, or curl --unix-socket'],
        ['berth --vm berth status', 'other commands do it by themselves'],
      ],
      load: async () => (await import('./commands/vm.ts')).api,
    },
    {
      name: 'vm stop',
      args: '[name]',
      summary: "press a VM's power button, and end it when it does not obey; its disk stays",
      options: [stopTimeout, force],
      examples: [['berth vm stop', 'as "berth down" does']],
      load: async () => (await import('./commands/vm.ts')).stop,
    },
    {
      name: 'vm rm',
      args: '<names...>',
      summary: 'remove VMs with their disks',
      options: [{ ...force, description: 'even when it runs' }],
      examples: [['berth vm rm berth', 'the next "berth up" makes a new one']],
      load: async () => (await import('./commands/vm.ts')).remove,
    },
  ];
}
