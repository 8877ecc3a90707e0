import { BerthError } from '../../core/errors.ts';
import type { Command } from '../context.ts';
import { formatDuration, table } from '../text.ts';

/** `berth generations [N]`: the applied configs, or the text of one. */
export const run: Command = async (cli, [number]) => {
  if (number !== undefined) return showConfig(cli, number);
  const generations = await cli.client.generations();
  if (cli.flags.json === true) {
    cli.printJson(generations);
    return 0;
  }
  if (generations.length === 0) {
    cli.print(`Nothing was applied yet: ${cli.context.program} apply FILE`);
    return 0;
  }
  const { good, bad, dim } = cli.style;
  const paints = { current: good, rejected: bad, previous: dim } as const;
  const rows = generations.map((generation) => [
    String(generation.number),
    paints[generation.state](generation.state),
    `${formatDuration(cli.context.clock.now() - Date.parse(generation.createdAt))} ago`,
    generation.source,
    [
      ...Object.entries(generation.rolledBack).map(([name, why]) => bad(`${name} rolled back: ${why}`)),
      generation.changes.length === 0 ? dim('no change') : generation.changes.join('; '),
    ].join('; '),
  ]);
  cli.print(table(['NUMBER', 'STATE', 'APPLIED', 'FROM', 'CHANGES'], rows));
  return 0;
};

const showConfig = async (cli: Parameters<Command>[0], text: string): Promise<number> => {
  if (!/^\d+$/.test(text)) throw new BerthError('USAGE', `"${text}" is not the number of a generation`);
  const files = await cli.client.generationConfig(Number(text));
  if (cli.flags.json === true) cli.printJson(files);
  else
    for (const { file, text: config } of files)
      cli.print(`${files.length > 1 ? cli.style.dim(`# ${file}\n`) : ''}${config}`);
  return 0;
};
