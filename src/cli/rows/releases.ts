import type { CommandRow, OptionRow } from '../command-row.ts';
import type { CliContext } from '../context.ts';
import { collect, parseCount, parseRollout } from '../parameters.ts';
import { imageOptions, signingOptions } from './images.ts';

const signers: readonly OptionRow[] = [
  {
    flags: '--key <path>',
    description: 'sign with this key file, or with each *.key of this folder; may be given several times',
    parse: collect,
  },
  {
    flags: '--signer <command>',
    description: 'sign with a command: bytes on its standard input, the signature on its standard output',
    parse: collect,
  },
];
const reason: OptionRow = {
  flags: '--reason <text>',
  description: 'told to whoever asks a host why it does not update',
};
const oneChannel: OptionRow = { flags: '--channel <name>', description: 'only there (default: wherever it is)' };

/** Making releases, and maintaining the repository that hosts update from. */
export function releaseRows({ clock }: Pick<CliContext, 'clock'>): readonly CommandRow[] {
  const offer: readonly OptionRow[] = [
    {
      flags: '--rollout <plan>',
      description: 'all, 2d (evenly over two days) or waves: 0s=1%,4h=10%,1d=100% (default: all)',
      parse: parseRollout(() => clock.now()),
    },
    { flags: '--barrier', description: 'hosts take it before any later one' },
    { flags: '--urgent', description: 'to all hosts at once, whatever the rollout says' },
  ];
  return [
    {
      name: 'release keygen',
      args: '<folder>',
      summary: 'make the keys of a repository; those that are there stay',
      options: [
        {
          flags: '--channels <name>',
          description: 'a channel; may be given several times (default: stable, beta, edge)',
          parse: collect,
        },
      ],
      examples: [['berth release keygen keys', 'root-1 to root-3, targets, online and one for each channel']],
      load: async () => (await import('../commands/release-keys.ts')).keygen,
    },
    {
      name: 'release init',
      args: '<repository>',
      summary: 'make an empty repository: a folder for any web server',
      options: [
        {
          flags: '--keys <folder>',
          description: 'the keys by role: root-1.pub, targets.pub, online.pub, CHANNEL.pub (required)',
        },
        {
          flags: '--threshold <n>',
          description: 'how many root keys have to sign a new root (default: 2)',
          parse: parseCount,
        },
        {
          flags: '--channel-threshold <n>',
          description: 'how many keys have to sign a channel (default: 1)',
          parse: parseCount,
        },
        ...signers,
      ],
      examples: [['berth release init www --keys keys', 'signed with the private keys that are in keys, too']],
      load: async () => (await import('../commands/release-keys.ts')).init,
    },
    {
      name: 'release build',
      args: '[image]',
      summary: 'make the files that hosts update to, of a folder of "berth image build" or anew',
      options: [
        ...imageOptions,
        { flags: '--version <version>', description: "the release's version (default: that of this program)" },
        {
          flags: '--sequence <n>',
          description: 'rises with each release (default: minutes since 1970)',
          parse: parseCount,
        },
        { flags: '--minimum-version <version>', description: 'older hosts take another release first' },
        ...signingOptions,
        { flags: '--out <dir>', description: 'where to write it (default: berth-release-VERSION-ARCH-KERNEL here)' },
      ],
      examples: [
        ['berth release build --version 1.1.0', 'release.json, the kernel image, and the content of a slot'],
        ['berth release build berth-1.1.0-amd64', 'of an image that was built with --format raw'],
      ],
      load: async () => (await import('../commands/release-build.ts')).run,
    },
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
      examples: [['berth release promote www 1.1.0 --from edge --to stable --rollout 2d --key keys', 'over two days']],
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
    {
      name: 'release refresh',
      args: '<repository>',
      summary: 'sign timestamp and snapshot anew; hosts refuse a repository that nobody does it for',
      options: [
        {
          flags: '--role <role>',
          description: 'this role too: root, targets or a channel; may be given several times',
          parse: collect,
        },
        ...signers,
      ],
      examples: [
        ['berth release refresh www --key keys/online.key', 'each day, from cron'],
        ['berth release refresh www --role root --role targets --key keys', 'once a year'],
      ],
      load: async () => (await import('../commands/release-sign.ts')).refresh,
    },
    {
      name: 'release rekey',
      args: '<repository> <role>',
      summary: 'exchange keys of root, targets, snapshot, timestamp or a channel',
      options: [
        { flags: '--add <file>', description: 'a public key: NAME.pub; may be given several times', parse: collect },
        {
          flags: '--remove <id>',
          description: 'a key id, or how it begins; may be given several times',
          parse: collect,
        },
        { flags: '--threshold <n>', description: 'how many of them have to sign from now on', parse: parseCount },
        ...signers,
      ],
      examples: [
        ['berth release rekey www root --add root-4.pub --remove 3f9a --key keys', 'signed by old and new keys'],
      ],
      load: async () => (await import('../commands/release-keys.ts')).rekey,
    },
    {
      name: 'release sign',
      args: '[repository]',
      summary: 'add signatures to what waits for them, and publish it once there are enough',
      options: [
        ...signers,
        { flags: '--export <file>', description: 'write what waits into a file, for a machine without a network' },
        { flags: '--request <file>', description: 'sign such a file there; needs no repository' },
        { flags: '--import <file>', description: 'take its signatures over' },
      ],
      examples: [
        ['berth release sign www --export request.json', 'here'],
        ['berth release sign --request request.json --key /media/safe/root-2.key', 'there'],
        ['berth release sign www --import request.json --key keys/online.key', 'here again'],
      ],
      load: async () => (await import('../commands/release-sign.ts')).sign,
    },
    {
      name: 'release show',
      args: '<repository>',
      summary: 'look at a repository as a host does: what it offers, and whether it holds',
      options: [
        {
          flags: '--root <file>',
          description: 'the root to begin with, as images have it (default: its own first one)',
        },
        { flags: '--channel <name>', description: 'only this channel' },
        { flags: '--host-id <id>', description: 'what a host with this machine id and --version would be offered' },
        { flags: '--version <version>', description: 'the release that this host runs' },
        ...imageOptions.slice(0, 2),
      ],
      examples: [
        ['berth release show https://updates.example.org', 'channels, releases, and when the metadata expires'],
        ['berth release show www --channel stable --host-id "$(cat /etc/machine-id)" --version 1.0.0', 'and why'],
      ],
      load: async () => (await import('../commands/release-show.ts')).run,
    },
  ];
}
