import type { KeyRow } from '../../key-table.ts';
import { commandRows } from './commands.ts';
import { diskRows } from './disks.ts';
import type { CloudInitDraft } from './draft.ts';
import { fileRows } from './files.ts';
import { hostRows } from './host.ts';
import { mountRows } from './mounts.ts';
import { networkRows } from './network.ts';
import { passwordRows } from './passwords.ts';
import { rsyslogRows } from './rsyslog.ts';
import { sshServerRows } from './ssh-server.ts';
import { unsupportedRows } from './unsupported.ts';
import { accountRows } from './users.ts';

/**
 * Every top-level key of cloud-init; `berth` has a table of its own.
 * Source: https://docs.cloud-init.io/en/latest/reference/modules.html, version 26.2.
 */
export const cloudInitKeys: readonly KeyRow<CloudInitDraft>[] = [
  ...hostRows,
  ...accountRows,
  ...sshServerRows,
  ...rsyslogRows,
  ...fileRows,
  ...passwordRows,
  ...diskRows,
  ...mountRows,
  ...networkRows,
  ...commandRows,
  ...unsupportedRows,
];
