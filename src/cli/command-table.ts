import type { CommandRow } from './command-row.ts';
import type { CliContext } from './context.ts';
import { channelRows } from './rows/channels.ts';
import { configRows } from './rows/configs.ts';
import { imageRows } from './rows/images.ts';
import { instanceRows } from './rows/instances.ts';
import { lookRows } from './rows/looks.ts';
import { machineRows } from './rows/machines.ts';
import { osRows } from './rows/os.ts';
import { releaseRows } from './rows/releases.ts';
import { serviceRows } from './rows/services.ts';

/** All commands, in the order of the help text. */
export function commandTable(context: Pick<CliContext, 'clock'>): readonly CommandRow[] {
  return [
    ...instanceRows,
    ...configRows,
    ...lookRows(context),
    ...serviceRows,
    ...osRows,
    ...imageRows,
    ...releaseRows,
    ...channelRows(context),
    ...machineRows,
  ];
}
