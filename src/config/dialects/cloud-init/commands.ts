import type { CommandsConfig } from '../../commands-config.ts';
import { honoured } from '../../key-table.ts';
import { type Located, located, text } from '../../shape.ts';
import { isTrue } from '../../user-data/layers.ts';
import { mergeInstructions } from '../../user-data/merge-shape.ts';
import { earlyCommands, importedKeys, lateCommands, phoneHome, powerState, vendorData } from './command-shapes.ts';
import type { CloudInitDraft } from './draft.ts';

/** A row that fills one field of what the host runs. */
const commandsRow = <K extends keyof CommandsConfig>(
  key: string,
  field: K,
  meaning: string,
  shape: Parameters<typeof located<NonNullable<CommandsConfig[K]>>>[0],
) =>
  honoured<CloudInitDraft, Located<NonNullable<CommandsConfig[K]>>>({
    key,
    meaning,
    shape: located(shape),
    apply({ value, place }, { host }) {
      host.config.commands = { ...host.commands, [field]: value };
      host.name([key], place);
    },
  });

const mergeRow = (key: string) =>
  honoured<CloudInitDraft, unknown>({
    key,
    meaning: 'how this part is merged into the parts before it; without it, its top-level keys replace theirs',
    shape: mergeInstructions,
    // Merging has taken it before any key is (src/config/user-data/merge-parts.ts).
    apply: () => undefined,
  });

/** What the host runs by itself, and how several texts become one. */
export const commandRows = [
  commandsRow<'early'>('bootcmd', 'early', 'commands at every boot, before files are written', earlyCommands),
  commandsRow<'late'>('runcmd', 'late', 'commands once per instance, when all else is set up', lateCommands),
  commandsRow<'finalMessage'>('final_message', 'finalMessage', 'text on the console at the end of every boot', text),
  commandsRow<'phoneHome'>(
    'phone_home',
    'phoneHome',
    'an address that is told, once per instance, that the host is set up',
    phoneHome,
  ),
  commandsRow<'power'>(
    'power_state',
    'power',
    'the machine restarts or powers off, once per instance, when all is set up',
    powerState,
  ),
  honoured<CloudInitDraft, Located<string[]>>({
    key: 'ssh_import_id',
    meaning: 'keys of the default user, fetched from GitHub (`gh:NAME`) or Launchpad (`lp:NAME`)',
    shape: located(importedKeys),
    apply(value, draft) {
      draft.importedKeys = value;
    },
  }),
  mergeRow('merge_how'),
  mergeRow('merge_type'),
  honoured<CloudInitDraft, { enabled?: boolean | string; prefix?: string[] }>({
    key: 'vendor_data',
    meaning: "`enabled: false` leaves the provider's own config out; `prefix` is the program that runs its scripts",
    shape: vendorData,
    apply({ enabled, prefix }, { host }) {
      if (prefix !== undefined) host.config.commands = { ...host.commands, vendorPrefix: prefix };
      if (enabled !== undefined && !isTrue(enabled)) host.config.vendorData = false;
    },
  }),
];
