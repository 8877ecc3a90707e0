import type { Command } from '../context.ts';
import { renderStatus } from '../status-text.ts';

/** `berth status`: the host at a glance. Exit code 1 when it is degraded. */
export const run: Command = async (cli) => {
  const status = await cli.client.status();
  if (cli.flags.json === true) cli.printJson(status);
  else cli.print(renderStatus(status, cli.context.clock.now(), cli.style));
  return status.state === 'degraded' ? 1 : 0;
};
