import type { CommandRow, OptionRow } from '../command-row.ts';
import { parseSeconds, parseTime } from '../parameters.ts';

/** Which release, and from where. */
const sources: readonly OptionRow[] = [
  { flags: '--to <version>', description: 'this version, whatever the rollout says' },
  {
    flags: '--from <place>',
    description: 'another repository, as the host sees it: a directory, a bundle made by "release bundle", a URL',
  },
];

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
    name: 'os check',
    summary: 'ask the release repository what it has for this host',
    options: [...sources, { flags: '--detailed-exitcode', description: 'exit code 3 when a release is offered' }],
    examples: [
      ['berth os check', 'what would be taken, and what that would do'],
      ['berth os check --from /run/berth/media', 'the same of the disk labelled BERTH'],
    ],
    load: async () => (await import('../commands/os-update.ts')).check,
  },
  {
    name: 'os update',
    summary: 'bring the offered OS release to the other slot and restart into it',
    options: [
      ...sources,
      { flags: '--stage-only', description: 'do not restart: the next restart boots it' },
      { flags: '--plan', description: 'only say what it would do' },
    ],
    examples: [
      ['berth os update --plan', 'what it would do, at what cost'],
      ['berth os update --stage-only', 'now the release, later the restart'],
      ['berth os update --to 1.4.2', 'this one, whatever the rollout says'],
      ['berth os update --from /run/berth/media/berth-1.4.2.tar', 'without a network'],
    ],
    load: async () => (await import('../commands/os-update.ts')).update,
  },
  {
    name: 'os cancel',
    summary: 'end the update that is under way, and drop the release that is staged',
    examples: [['berth os cancel', 'the running release boots next']],
    load: async () => (await import('../commands/os-update.ts')).cancel,
  },
  {
    name: 'os pin',
    args: '[version]',
    summary: 'keep this host to a version, or from updates until a time',
    options: [{ flags: '--until <time>', description: 'take nothing before: 2026-12-27T06:00:00Z', parse: parseTime }],
    examples: [
      ['berth os pin 1.4', 'every 1.4, nothing else'],
      ['berth os pin --until 2026-12-27T06:00:00Z', 'nothing over the holidays'],
    ],
    load: async () => (await import('../commands/os-update.ts')).pin,
  },
  {
    name: 'os unpin',
    summary: 'take whatever the channel offers again',
    examples: [['berth os unpin', 'no version and no time holds this host back']],
    load: async () => (await import('../commands/os-update.ts')).unpin,
  },
  {
    name: 'os inhibit',
    args: '<name>',
    summary: 'postpone restarts for updates in the name of a workload, for 24 hours at most',
    options: [
      { flags: '--for <time>', description: 'how long (default: 1h)', parse: parseSeconds },
      { flags: '--reason <text>', description: 'why, for whoever waits' },
    ],
    examples: [['berth os inhibit backup --for 2h --reason "copies the database"', 'no restart meanwhile']],
    load: async () => (await import('../commands/os-restart.ts')).inhibit,
  },
  {
    name: 'os allow-restart',
    args: '<name>',
    summary: 'end a postponement before its time',
    examples: [['berth os allow-restart backup', 'the backup is done']],
    load: async () => (await import('../commands/os-restart.ts')).allow,
  },
  {
    name: 'os verify',
    summary: 'read the whole running slot and name what is not as it was released',
    examples: [['berth os verify', 'exit code 1 when something differs']],
    load: async () => (await import('../commands/os-update.ts')).verify,
  },
  {
    name: 'os history',
    summary: 'tell what happened to OS releases on this host, and why',
    examples: [['berth os history', 'staged, booted, blessed, rejected, rolled back; newest first']],
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
    options: [
      { flags: '--reason <text>', description: 'why, for the history' },
      { flags: '--force', description: 'also past volumes that go forward only, with them as they are' },
    ],
    examples: [['berth os rollback --reason "loses its route at night"', 'go back, and keep the reason']],
    load: async () => (await import('../commands/os.ts')).rollBack,
  },
];
