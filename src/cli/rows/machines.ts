import type { CommandRow } from '../command-row.ts';
import { parseCount } from '../parameters.ts';
import { force, stopTimeout } from './options.ts';

/** Working with virtual machines. */
export const machineRows: readonly CommandRow[] = [
  {
    name: 'vm list',
    summary: 'list the virtual machines',
    examples: [['berth vm list', 'their names, states and ports']],
    load: async () => (await import('../commands/vm.ts')).list,
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
    load: async () => (await import('../commands/vm.ts')).ssh,
  },
  {
    name: 'vm console',
    args: '[name]',
    summary: 'join the serial console of a VM; Ctrl-] leaves it',
    examples: [['berth vm console', 'what the screen of a server would show']],
    load: async () => (await import('../commands/vm.ts')).console,
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
    load: async () => (await import('../commands/vm-logs.ts')).run,
  },
  {
    name: 'vm api',
    args: '[name]',
    summary: 'open the way to the API of a VM, and print its socket',
    examples: [
      ['berth vm api', 'for --socket, or curl --unix-socket'],
      ['berth --vm berth status', 'other commands do it by themselves'],
    ],
    load: async () => (await import('../commands/vm.ts')).api,
  },
  {
    name: 'vm stop',
    args: '[name]',
    summary: "press a VM's power button, and end it when it does not obey; its disk stays",
    options: [stopTimeout, force],
    examples: [['berth vm stop', 'as "berth down" does']],
    load: async () => (await import('../commands/vm.ts')).stop,
  },
  {
    name: 'vm rm',
    args: '<names...>',
    summary: 'remove VMs with their disks',
    options: [{ ...force, description: 'even when it runs' }],
    examples: [['berth vm rm berth', 'the next "berth up" makes a new one']],
    load: async () => (await import('../commands/vm.ts')).remove,
  },
];
