import { type Command, createCli } from '../context.ts';
import { stopInstance } from '../daemon.ts';
import { agentOptions } from './agent.ts';

/** `berth down --local`: ends the local instance, its services and its engines. */
export const run: Command = async (outer) => {
  const options = agentOptions({ ...outer.flags, local: true }, outer.context);
  const cli = createCli(outer.context, outer.flags, outer.operator.command, options.socket);
  const stopped = await stopInstance(cli, options);
  if (cli.flags.json === true) cli.printJson({ stopped });
  else
    cli.print(
      stopped ? `stopped; its data stays in ${options.stateDirectory}` : 'nothing to stop: no local instance runs here',
    );
  return 0;
};
