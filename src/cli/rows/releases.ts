import type { CommandRow } from '../command-row.ts';
import { collect, parseCount } from '../parameters.ts';
import { imageOptions, signingOptions, trustOptions } from './images.ts';
import { engine, signers } from './options.ts';

/** Making releases, and maintaining the repository that hosts update from. */
export const releaseRows: readonly CommandRow[] = [
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
        description: 'rises with each release (default: minutes since 1970, more than that of each --previous)',
        parse: parseCount,
      },
      { flags: '--minimum-version <version>', description: 'older hosts take another release first' },
      {
        flags: '--previous <release>',
        description: 'make deltas from this one: its folder or REPOSITORY:VERSION; may be given several times',
        parse: collect,
      },
      ...signingOptions,
      ...trustOptions,
      { flags: '--out <dir>', description: 'where to write it (default: berth-release-VERSION-ARCH-KERNEL here)' },
    ],
    examples: [
      ['berth release build --version 1.1.0', 'release.json, the kernel image, and the content of a slot'],
      [
        'berth release build --version 1.1.0 --previous berth-release-1.0.0-amd64-cloud --previous www:0.9.0',
        'hosts that run 1.0.0 or 0.9.0 fetch only what differs',
      ],
      ['berth release build berth-1.1.0-amd64', 'of an image that was built with --format raw'],
    ],
    load: async () => (await import('../commands/release-build.ts')).run,
  },
  {
    name: 'release bundle',
    args: '<repository> <version>',
    summary: 'put one release and all that vouches for it into one file, for hosts without a network',
    options: [
      { flags: '--channel <name>', description: 'the channel that these hosts follow (required)' },
      { flags: '--out <file>', description: 'where to write it (default: berth-VERSION-CHANNEL.tar here)' },
      {
        flags: '--images <file>',
        description: 'service images for these hosts: an archive of them (Docker or OCI); may be given several times',
        parse: collect,
      },
      {
        flags: '--config <file>',
        description: "the images that this config's services name, as far as no archive has them from --engine",
      },
      engine,
      ...signers,
      {
        flags: '--request <file>',
        description:
          'where signatures of the list of images are missing: write a request for them, or take those that it brings',
      },
    ],
    examples: [
      [
        'berth release bundle www 1.1.0 --channel stable --out /media/stick/berth.tar',
        'metadata, kernel image, slot, deltas',
      ],
      [
        'berth release bundle www 1.1.0 --channel stable --config host.yaml --key keys/stable.key',
        'with all that this host needs, signed for the channel',
      ],
      ['berth release show /media/stick/berth.tar', 'whether it holds, and until when'],
    ],
    load: async () => (await import('../commands/release-bundle.ts')).run,
  },
  {
    name: 'release refresh',
    args: '<repository>',
    summary: 'sign timestamp and snapshot anew; hosts refuse a repository that nobody does it for',
    options: [
      {
        flags: '--role <role>',
        description:
          'this role too: root, targets or a channel (but no other change that waits there); may be given several times',
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
    summary: 'exchange keys of root, targets, online (snapshot and timestamp) or a channel',
    options: [
      { flags: '--add <file>', description: 'a public key: NAME.pub; may be given several times', parse: collect },
      {
        flags: '--remove <id>',
        description: 'a key id, or how that of one key begins; may be given several times',
        parse: collect,
      },
      { flags: '--threshold <n>', description: 'how many of them have to sign from now on', parse: parseCount },
      ...signers,
    ],
    examples: [
      ['berth release rekey www root --add root-4.pub --remove 3f9a --key keys', 'signed by old and new keys'],
      [
        'berth release rekey www online --add new.pub --remove 81c2 --key keys --key new.key',
        'of snapshot and timestamp',
      ],
    ],
    load: async () => (await import('../commands/release-keys.ts')).rekey,
  },
  {
    name: 'release sign',
    args: '[repository]',
    summary: 'add signatures to all that waits for them, and publish it once there are enough',
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
    summary: 'look at a repository (server, folder or bundle) as a host does: what it offers, and whether it holds',
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
