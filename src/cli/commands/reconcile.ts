import type { Command } from '../context.ts';
import { count, formatDuration } from '../text.ts';

/** `berth reconcile`: one round now, without waiting for the next event. */
export const run: Command = async (cli) => {
  const round = await cli.client.reconcile();
  if (cli.flags.json === true) cli.printJson(round);
  else
    cli.print(
      `one round took ${formatDuration(round.durationMs)}: ${round.steps === 0 ? 'nothing to do' : count(round.steps, 'step')}`,
    );
  return 0;
};
