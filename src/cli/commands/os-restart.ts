import type { UpdateStatus } from '../../update/machine/update-status.ts';
import type { Cli, Command } from '../context.ts';
import { table } from '../text.ts';

const defaultSeconds = 3600;

/** `berth os inhibit`: exit code 2 for more than 24 hours. */
export const inhibit: Command = async (cli, [who = '']) => {
  const { for: seconds = defaultSeconds, reason = 'it did not say why' } = cli.flags;
  return show(cli, await cli.client.updates.inhibitRestart({ who, why: reason, forMs: seconds * 1000 }, cli.operator));
};

/** `berth os allow-restart`: exit code 1 when nobody of that name postpones restarts. */
export const allow: Command = async (cli, [who = '']) =>
  show(cli, await cli.client.updates.allowRestart(who, cli.operator));

function show(cli: Cli, { inhibitors }: UpdateStatus): number {
  if (cli.flags.json === true) cli.printJson(inhibitors);
  else if (inhibitors.length === 0) cli.print('Nobody postpones restarts.');
  else
    cli.print(
      table(
        ['WHO', 'UNTIL', 'WHY'],
        inhibitors.map(({ who, until, why }) => [who, until, why]),
      ),
    );
  return 0;
}
