import type { CommandRow } from '../command-row.ts';
import { collect, parseBytes, parseCount } from '../parameters.ts';
import { engine, force, runDirectory, state, stopTimeout, timeout } from './options.ts';

/** Starting and stopping hosts: a virtual machine, or a guest on this one. */
export const instanceRows: readonly CommandRow[] = [
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
      {
        flags: '--disk <file>',
        description:
          'a further disk: a raw or qcow2 image, which it reads and writes; may be given several times; "none": no more',
        parse: collect,
      },
      { flags: '--image <file>', description: 'a disk image for a new VM (default: built from this checkout)' },
      { flags: '--secure-boot', description: 'with --image, signed: a new VM whose firmware enforces Secure Boot' },
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
    load: async () => (await import('../commands/up.ts')).run,
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
    load: async () => (await import('../commands/down.ts')).run,
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
    load: async () => (await import('../commands/agent.ts')).run,
  },
];
