import type { CommandRow } from '../command-row.ts';
import type { CliContext } from '../context.ts';
import { parseCount } from '../parameters.ts';
import { since } from './options.ts';

/** Looking at a host, and asking it why. */
export function lookRows(context: Pick<CliContext, 'clock'>): readonly CommandRow[] {
  return [
    {
      name: 'status',
      summary: 'show the host, its engines and its services',
      examples: [
        ['berth status', 'everything at a glance'],
        ['berth status --json', 'the same for programs'],
      ],
      load: async () => (await import('../commands/status.ts')).run,
    },
    {
      name: 'why',
      args: '<subject>',
      summary: 'tell why a service or a config key is as it is',
      examples: [
        ['berth why web', 'what led to the state of a service'],
        ['berth why berth.services.web.image', 'what a config key did'],
        ['berth why os', 'how the release that runs came here, and what became of others'],
      ],
      load: async () => (await import('../commands/why.ts')).run,
    },
    {
      name: 'logs',
      args: '<service>',
      summary: 'show the output of a service',
      options: [
        { flags: '-f, --follow', description: 'go on with new lines' },
        { flags: '-n, --lines <n>', description: 'only the last lines', parse: parseCount },
        since(context),
        { flags: '-t, --timestamps', description: 'with the time of each line' },
      ],
      examples: [
        ['berth logs web', 'all that is kept'],
        ['berth logs -f -n 20 web', 'the last 20 lines and what follows'],
      ],
      load: async () => (await import('../commands/logs.ts')).run,
    },
    {
      name: 'ledger',
      summary: 'list the steps that were carried out',
      options: [
        { flags: '-n, --lines <n>', description: 'the last steps (default: 30)', parse: parseCount },
        { flags: '--subject <subject>', description: 'only those that concern a service, a subject or a config key' },
        since(context),
      ],
      examples: [
        ['berth ledger --subject web', 'what happened to a service'],
        ['berth ledger --since 1h --json', 'the last hour, for programs'],
      ],
      load: async () => (await import('../commands/ledger.ts')).run,
    },
    {
      name: 'reconcile',
      summary: 'compare the host with its config now',
      examples: [['berth reconcile', 'one round']],
      load: async () => (await import('../commands/reconcile.ts')).run,
    },
  ];
}
