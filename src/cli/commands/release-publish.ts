import { resolve } from 'node:path';
import type { Mark } from '../../update/repository/feed-edits.ts';
import type { Cli, Command } from '../context.ts';
import { withSigns } from '../phases.ts';
import { changing } from './release-change.ts';
import { offerOf, report, required, signingOf } from './release-common.ts';

/** `berth release publish`: puts a release into a channel. */
export const publish: Command = async (cli, [repository = '', release = '']) => {
  const { publishRelease } = await import('../../update/repository/channel-changes.ts');
  const { context, flags } = cli;
  const channel = required(flags.channel, '--channel', 'which channel is to offer it, such as edge');
  const [to, from] = [repository, release].map((path) => resolve(context.cwd, path));
  const signing = await signingOf(cli);
  await warnOfOtherTrust(cli, from ?? '', to ?? '');
  // Gigabytes are read, hashed and copied.
  const change = await changing(cli, repository, 'publish', async (directory) =>
    withSigns(cli, 'publish', async () => publishRelease(directory, from ?? '', channel, offerOf(cli), signing)),
  );
  return report(cli, change, `${channel} has ${change.releases.join(', ')}`, repository);
};

/** Their hosts would take no other release of this repository: told before it is published. */
async function warnOfOtherTrust({ context, style }: Cli, release: string, repository: string): Promise<void> {
  const { trustsRepository } = await import('../../update/repository/release-directory.ts');
  if ((await trustsRepository(release, repository)) !== false) return;
  context.stderr.write(
    `${style.warn('warning:')} it was built with an --update-root of another repository than this: hosts that take it take no other release of this one, unless their config has berth.update.root\n`,
  );
}

/** `berth release promote`: puts a release of one channel into another. */
export const promote: Command = async (cli, [repository = '', version = '']) => {
  const { promoteRelease } = await import('../../update/repository/channel-changes.ts');
  const { flags } = cli;
  const from = required(flags.from, '--from', 'which channel has it');
  const to = required(flags.to, '--to', 'which channel is to have it');
  const signing = await signingOf(cli);
  const change = await changing(cli, repository, 'promote', async (directory) =>
    promoteRelease(directory, version, from, to, offerOf(cli), signing),
  );
  return report(cli, change, `${to} has ${version}`, repository);
};

/** `berth release pause`. */
export const pause: Command = async (cli, args) =>
  mark(cli, 'pause', args, { kind: 'paused', reason: reasonOf(cli) }, 'is paused');

/** `berth release resume`. */
export const resume: Command = async (cli, args) => mark(cli, 'resume', args, { kind: 'resumed' }, 'is offered again');

/** `berth release revoke`. */
export const revoke: Command = async (cli, args) =>
  mark(cli, 'revoke', args, { kind: 'revoked', reason: reasonOf(cli) }, 'is revoked');

/** `berth release dead-end`. */
export const deadEnd: Command = async (cli, args) =>
  mark(cli, 'dead-end', args, { kind: 'deadEnd', reason: reasonOf(cli) }, 'is a dead end');

function reasonOf({ flags }: Cli): string {
  return required(flags.reason, '--reason', 'why, to whoever asks a host');
}

async function mark(
  cli: Cli,
  command: string,
  [repository = '', version = '']: readonly string[],
  what: Mark,
  done: string,
): Promise<number> {
  const { markRelease } = await import('../../update/repository/channel-changes.ts');
  const signing = await signingOf(cli);
  const change = await changing(cli, repository, command, async (directory) =>
    markRelease(directory, version, cli.flags.channel, what, signing),
  );
  return report(cli, change, `${version} ${done}`, repository);
}
