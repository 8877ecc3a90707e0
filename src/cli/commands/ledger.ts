import { describeReason } from '../../core/plan.ts';
import type { Command } from '../context.ts';
import { fit, formatDuration, table } from '../text.ts';

/** `berth ledger`: what was done, newest last as in a log file. */
export const run: Command = async (cli) => {
  const { subject, since, lines = 30 } = cli.flags;
  const entries = await cli.client.ledger({
    limit: lines,
    ...(subject === undefined ? {} : { subject }),
    ...(since === undefined ? {} : { since }),
  });
  if (cli.flags.json === true) {
    cli.printJson(entries);
    return 0;
  }
  if (entries.length === 0) {
    cli.print('Nothing recorded.');
    return 0;
  }
  const { good, bad, dim } = cli.style;
  const rows = entries
    .toReversed()
    .map((entry) => [
      String(entry.sequence),
      entry.at.replace(/\.\d+Z$/, 'Z'),
      entry.outcome === 'done' ? good('done') : bad('failed'),
      entry.summary,
      formatDuration(entry.durationMs),
      dim(fit(`${describeReason(entry.reason)}${entry.error === undefined ? '' : `; ${entry.error}`}`, 100)),
    ]);
  cli.print(table(['#', 'AT', 'OUTCOME', 'STEP', 'TOOK', 'WHY'], rows));
  return 0;
};
