import type { CommandRow, OptionRow } from '../command-row.ts';
import { collect } from '../parameters.ts';

/** What an image is built from. */
export const imageOptions: readonly OptionRow[] = [
  { flags: '--arch <arch>', description: "amd64 or arm64 (default: this machine's)" },
  { flags: '--kernel <flavour>', description: 'cloud, or generic for real hardware (default: cloud)' },
  { flags: '--fast', description: 'for development: quicker to make, bigger to download' },
];

/** Secure Boot. */
export const signingOptions: readonly OptionRow[] = [
  { flags: '--sign-key <file>', description: 'sign for Secure Boot with this key (PEM); needs --sign-cert' },
  { flags: '--sign-cert <file>', description: "the key's certificate, which the firmware knows" },
];

/** Which releases hosts of an image take. */
export const trustOptions: readonly OptionRow[] = [
  {
    flags: '--update-root <file>',
    description:
      "root.json of a release repository: hosts take that repository's releases, without being told its keys",
  },
  { flags: '--update-feed <url>', description: 'where that repository is, for hosts whose config does not say' },
  { flags: '--update-channel <name>', description: 'its channel for these hosts (default: stable)' },
];

/** Building and looking at OS images. */
export const imageRows: readonly CommandRow[] = [
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
      ...signingOptions,
      ...trustOptions,
      {
        flags: '--config <file>',
        description: 'bake this config in, for hosts that are given none (readable by everybody who has the image)',
      },
      { flags: '--locked', description: 'refuse other packages than those of the package lock' },
    ],
    examples: [
      ['berth image build --format qcow2', 'a disk for QEMU and most clouds'],
      ['berth image build --arch arm64 --kernel generic', 'for a server with an ARM processor'],
      ['berth image build --sign-key sb.key --sign-cert sb.crt', 'for a firmware with Secure Boot and your own key'],
      ['berth image build --update-root www/metadata/1.root.json', 'its hosts take releases of that repository'],
    ],
    load: async () => (await import('../commands/image.ts')).build,
  },
  {
    name: 'image container',
    args: '<folder...>',
    summary: 'build container images from Debian packages, as archives that a host can load',
    options: [{ flags: '--out <dir>', description: 'where to write NAME.tar (default: here)' }],
    examples: [
      ['berth image container cloud-config/images/web-server', 'web-server.tar, by the recipe in that folder'],
      ['ssh ops@web-1 docker load < web-server.tar', 'gives it to a host; berth.image_archives is the other way'],
    ],
    load: async () => (await import('../commands/image.ts')).container,
  },
  {
    name: 'image inspect',
    args: '<file>',
    summary: 'show what is on a disk image, whether it is intact, and who signed it',
    examples: [['berth image inspect berth-0.2.0-amd64.raw.zst', 'its partitions, boot entries and slots']],
    load: async () => (await import('../commands/image.ts')).inspect,
  },
  {
    name: 'image bump',
    summary: 'move the package lock to the newest packages, and tell what that fixes',
    options: imageOptions,
    examples: [['berth image bump', 'what a new release would bring']],
    load: async () => (await import('../commands/image.ts')).bump,
  },
];
