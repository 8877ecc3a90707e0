import type { LedgerEntry } from '../../agent/model.ts';
import { reasonChain } from '../../core/plan.ts';
import type { Command } from '../context.ts';
import type { Style } from '../style.ts';
import { formatDuration } from '../text.ts';

/** `berth why`: the state of a subject and the chain of reasons behind each step that led there. */
export const run: Command = async (cli, [subject = '']) => {
  const report = await cli.client.why(subject);
  if (cli.flags.json === true) {
    cli.printJson(report);
    return 0;
  }
  cli.print(`${cli.style.bold(report.subject)}: ${report.now}`);
  if (report.declaredAt !== null) cli.print(`declared at ${report.declaredAt}`);
  if (report.entries.length === 0) cli.print('No step of the ledger concerns it.');
  const now = cli.context.clock.now();
  for (const entry of report.entries) cli.print(`\n${renderEntry(entry, now, cli.style)}`);
  return 0;
};

function renderEntry(entry: LedgerEntry, now: number, style: Style): string {
  const { at, outcome, summary, generation, error, reason } = entry;
  const when = `${at} (${formatDuration(now - Date.parse(at))} ago)`;
  const sign = outcome === 'done' ? style.good('✓') : style.bad('✗');
  const lines = [`${sign} ${summary}`, style.dim(`  ${when}, generation ${generation}`)];
  if (error !== undefined) lines.push(`  ${style.bad(error)}`);
  reasonChain(reason).forEach((link, depth) => lines.push(`  ${'  '.repeat(depth)}because ${link}`));
  return lines.join('\n');
}
