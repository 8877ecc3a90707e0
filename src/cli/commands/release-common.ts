import { resolve } from 'node:path';
import { BerthError } from '../../core/errors.ts';
import type { Change } from '../../update/repository/channel-changes.ts';
import type { Offer } from '../../update/repository/feed-edits.ts';
import type { Outcome, Signing } from '../../update/repository/publishing.ts';
import type { Cli } from '../context.ts';
import { shortId, table } from '../text.ts';
import { expiryWarnings, warnOfExpiry } from './release-expiry.ts';

/** What signs, as the options say; further key files or folders may be given. Throws CONFIG_UNREADABLE. */
export async function signingOf({ context, flags }: Cli, more: readonly string[] = []): Promise<Signing> {
  const { keyFileSigners } = await import('../../update/repository/key-file.ts');
  const { commandSigner } = await import('../../update/repository/command-signer.ts');
  const paths = [...(flags.key ?? []), ...more].map((path) => resolve(context.cwd, path));
  const signers = (await Promise.all(paths.map(keyFileSigners))).flat();
  const unique = [...new Map(signers.map((signer) => [signer.keyId, signer])).values()];
  return {
    signers: [...unique, ...(flags.signer ?? []).map(commandSigner)],
    nowMs: context.clock.now(),
    signal: context.signal,
  };
}

/** Who is offered a release, as the options say. */
export function offerOf({ flags }: Cli): Offer {
  const { rollout, barrier = false, urgent = false } = flags;
  return { ...(rollout === undefined ? {} : { rollout }), barrier, urgent };
}

/** The value of an option that has to be there; `what` says what it is. Throws USAGE. */
export function required(value: string | undefined, option: string, what: string): string {
  if (value === undefined || value === '')
    throw new BerthError('USAGE', `${option} is missing`, { hint: `${option} says ${what}` });
  return value;
}

/** Tells what came of a change to a repository. @returns the exit code: 1 while signatures are missing. */
export async function report(
  cli: Cli,
  { outcome, releases }: Change,
  done: string,
  repository: string,
): Promise<number> {
  return tell(cli, outcome, done, repository, { releases });
}

/** {@link report} for a change that is not about releases. */
export async function reportOutcome(cli: Cli, outcome: Outcome, done: string, repository: string): Promise<number> {
  return tell(cli, outcome, done, repository, {});
}

async function tell(cli: Cli, outcome: Outcome, done: string, repository: string, more: object): Promise<number> {
  const { publishedExpiries } = await import('../../update/repository/published.ts');
  const { context, flags } = cli;
  const expiries = await publishedExpiries(resolve(context.cwd, repository));
  const warnings = expiryWarnings(cli, expiries, repository, context.clock.now());
  if (flags.json === true) cli.printJson({ ...outcome, ...more, expiringSoon: warnings });
  else print(cli, outcome, done, repository);
  warnOfExpiry(cli, warnings, repository);
  return outcome.kind === 'published' ? 0 : 1;
}

function print(cli: Cli, outcome: Outcome, done: string, repository: string): void {
  const { kind, versions, missing } = outcome;
  const published = Object.entries(versions).map(([role, version]) => `${role} ${version}`);
  if (kind === 'waiting') {
    cli.print(cli.style.warn('It is not published yet: signatures are missing.'));
    if (published.length > 0) cli.print(`published: ${published.join(', ')}`);
  } else
    cli.print(
      published.length === 0 ? `${done} (nothing had to be done)` : `${cli.style.good(done)}: ${published.join(', ')}`,
    );
  if (missing.length > 0) printMissing(cli, outcome, repository);
}

function printMissing(cli: Cli, { missing, unfit }: Outcome, repository: string): void {
  // A new root wants what the one before wants, too: that is told once when both want the same.
  const different = [...new Map(missing.map((one) => [JSON.stringify(one), one])).values()];
  const rows = different.map(({ role, version, has, needs, keyIds }) => [
    role,
    String(version),
    `${has} of ${needs}`,
    keyIds.map(shortId).join(' '),
  ]);
  cli.print(`\n${table(['WAITING', 'VERSION', 'SIGNED', 'KEYS THAT CAN SIGN'], rows)}`);
  for (const name of unfit) cli.print(`What "${name}" signs fits none of the keys that this command asked for.`);
  cli.print(`\n"${cli.context.program} release sign ${repository} --key KEY" adds signatures.`);
}
