import type { CommandRow } from '../command-row.ts';

/** The operating system's releases on a host. */
export const osRows: readonly CommandRow[] = [
  {
    name: 'os status',
    summary: 'show the OS release that runs, and those that the boot loader knows',
    examples: [
      ['berth os status', 'whether it has proved itself, and what it lacks'],
      ['berth os status --json', 'the same for programs'],
    ],
    load: async () => (await import('../commands/os.ts')).status,
  },
  {
    name: 'os history',
    summary: 'tell what happened to OS releases on this host, and why',
    examples: [['berth os history', 'booted, blessed, rejected, rolled back; newest first']],
    load: async () => (await import('../commands/os.ts')).history,
  },
  {
    name: 'os bless',
    summary: 'keep the running OS release, before its health gate was open long enough',
    options: [{ flags: '--manual', description: 'whatever the health gate says' }],
    examples: [
      ['berth os bless', 'when every check holds now'],
      ['berth os bless --manual', 'when you know better'],
    ],
    load: async () => (await import('../commands/os.ts')).bless,
  },
  {
    name: 'os rollback',
    summary: 'take the running OS release away and restart into the other one',
    options: [{ flags: '--reason <text>', description: 'why, for the history' }],
    examples: [['berth os rollback --reason "loses its route at night"', 'go back, and keep the reason']],
    load: async () => (await import('../commands/os.ts')).rollBack,
  },
];
