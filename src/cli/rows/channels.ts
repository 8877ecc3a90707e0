import type { CommandRow, OptionRow } from '../command-row.ts';
import type { CliContext } from '../context.ts';
import { parseRollout } from '../parameters.ts';
import { signers } from './options.ts';

const reason: OptionRow = {
  flags: '--reason <text>',
  description: 'told to whoever asks a host why it does not update',
};
const oneChannel: OptionRow = { flags: '--channel <name>', description: 'only there (default: wherever it is)' };

/** Which releases the channels of a repository offer. */
export function channelRows({ clock }: Pick<CliContext, 'clock'>): readonly CommandRow[] {
  const offer: readonly OptionRow[] = [
    {
      flags: '--rollout <plan>',
      description:
        'all, 2d (evenly over two days) or waves: 0s=1%,4h=10%,1d=100% (default: all, or as it is offered already)',
      parse: parseRollout(() => clock.now()),
    },
    { flags: '--barrier', description: 'hosts take it before any later one' },
    { flags: '--urgent', description: 'to all hosts at once, whatever the rollout says' },
  ];
  return [
    {
      name: 'release publish',
      args: '<repository> <release>',
      summary: 'put a release into a channel',
      options: [{ flags: '--channel <name>', description: 'which channel (required)' }, ...offer, ...signers],
      examples: [
        [
          'berth release publish www berth-release-1.1.0-amd64-cloud --channel edge --key keys',
          'hosts of edge are offered it',
        ],
        ['berth release publish www R --channel stable --rollout 0s=1%,4h=10%,1d=100% --key keys', 'step by step'],
      ],
      load: async () => (await import('../commands/release-publish.ts')).publish,
    },
    {
      name: 'release promote',
      args: '<repository> <version>',
      summary: 'put a release of one channel into another',
      options: [
        { flags: '--from <channel>', description: 'where it is (required)' },
        { flags: '--to <channel>', description: 'where it is to be (required)' },
        ...offer,
        ...signers,
      ],
      examples: [
        ['berth release promote www 1.1.0 --from edge --to stable --rollout 2d --key keys', 'over two days'],
        [
          'berth release promote www 1.1.0 --from edge --to stable --urgent --key keys',
          'later: to all of them at once',
        ],
      ],
      load: async () => (await import('../commands/release-publish.ts')).promote,
    },
    {
      name: 'release pause',
      args: '<repository> <version>',
      summary: 'offer a release to no further hosts, for now',
      options: [reason, oneChannel, ...signers],
      examples: [['berth release pause www 1.1.0 --reason "slow boots" --key keys', 'who has it keeps it']],
      load: async () => (await import('../commands/release-publish.ts')).pause,
    },
    {
      name: 'release resume',
      args: '<repository> <version>',
      summary: 'go on with a release that was paused',
      options: [oneChannel, ...signers],
      examples: [['berth release resume www 1.1.0 --key keys', 'its rollout is where it would have been']],
      load: async () => (await import('../commands/release-publish.ts')).resume,
    },
    {
      name: 'release revoke',
      args: '<repository> <version>',
      summary: 'withdraw a release for good: hosts drop it, and those that run it warn',
      options: [reason, oneChannel, ...signers],
      examples: [['berth release revoke www 1.1.0 --reason "loses data" --key keys', 'the next release replaces it']],
      load: async () => (await import('../commands/release-publish.ts')).revoke,
    },
    {
      name: 'release dead-end',
      args: '<repository> <version>',
      summary: 'say that no update leads on from a release',
      options: [reason, oneChannel, ...signers],
      examples: [
        ['berth release dead-end www 0.9.0 --reason "reinstall: the disk layout is another" --key keys', 'hosts tell'],
      ],
      load: async () => (await import('../commands/release-publish.ts')).deadEnd,
    },
  ];
}
