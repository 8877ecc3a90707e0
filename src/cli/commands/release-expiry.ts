import { isRoleName } from '../../update/repository/role-names.ts';
import { expiringSoon, isOver } from '../../update/tuf/expiry.ts';
import type { Expiry } from '../../update/tuf/tuf-client.ts';
import type { Cli } from '../context.ts';
import { createStyle } from '../style.ts';

/** Metadata that expires soon or has expired, and the command that renews it. */
export interface ExpiryWarning extends Expiry {
  readonly expired: boolean;
  readonly command: string;
}

/** What somebody should renew of a repository, which is called so on the command line. */
export function expiryWarnings(
  { context }: Cli,
  expiries: readonly Expiry[],
  repository: string,
  nowMs: number,
): ExpiryWarning[] {
  return expiringSoon(expiries, nowMs).map((expiry) => ({
    ...expiry,
    expired: isOver(expiry, nowMs),
    command: refreshOf(context.program, repository, [expiry.role]),
  }));
}

/** Tells them on stderr, and one command for all. `then` is what has to follow it. */
export function warnOfExpiry(
  { context, flags }: Cli,
  warnings: readonly ExpiryWarning[],
  repository: string,
  then = '',
): void {
  if (warnings.length === 0) return;
  const style = createStyle(context.stderr, context.env, flags.color !== false);
  const lines = warnings.map(({ role, expires, expired }) => {
    const what = `hosts take nothing of this ${isRoleName(role) ? 'repository' : 'channel'}`;
    const text = expired ? `expired at ${expires}: ${what}` : `expires at ${expires}: ${what} from then on`;
    return `${style.warn('warning:')} ${role} ${text}\n`;
  });
  const roles = warnings.map(({ role }) => role);
  context.stderr.write(`${lines.join('')}  hint: ${refreshOf(context.program, repository, roles)}${then}\n`);
}

/** Each refresh renews timestamp and snapshot. */
function refreshOf(program: string, repository: string, roles: readonly string[]): string {
  const named = roles.filter((role) => role !== 'timestamp' && role !== 'snapshot').map((role) => `--role ${role}`);
  return [program, 'release refresh', repository, ...named, '--key KEYS'].join(' ');
}
