import type { OptionRow } from '../command-row.ts';
import type { CliContext } from '../context.ts';
import { collect, parseCount, parseMoment, parseSeconds } from '../parameters.ts';

export const state: OptionRow = { flags: '--state <dir>', description: 'where the instance keeps its data' };
export const runDirectory: OptionRow = { flags: '--run <dir>', description: 'where the instance puts its sockets' };
export const engine: OptionRow = {
  flags: '--engine <url>',
  description: 'use this running engine for your services: unix:///var/run/docker.sock',
};
export const timeout: OptionRow = {
  flags: '--timeout <time>',
  description: 'how long to wait for all to be well (default: 5m)',
  parse: parseSeconds,
};
export const generation: OptionRow = {
  flags: '--generation <n>',
  description: 'an earlier generation instead of files',
  parse: parseCount,
};
export const filesDir: OptionRow = {
  flags: '--files-dir <dir>',
  description: 'where the local files are that a Butane config takes in',
};
export const stopTimeout: OptionRow = {
  flags: '--timeout <time>',
  description: 'how long a VM may take to power off before it is ended (default: 90s)',
  parse: parseSeconds,
};
export const force: OptionRow = { flags: '--force', description: 'end it at once, as if the power went' };

/** What signs a release repository's metadata. */
export const signers: readonly OptionRow[] = [
  {
    flags: '--key <path>',
    description: 'sign with this key file, or with each *.key of this folder; may be given several times',
    parse: collect,
  },
  {
    flags: '--signer <command>',
    description: 'sign with a command: bytes on its standard input, the signature on its standard output',
    parse: collect,
  },
];

/** `--since`, read against the clock of the command line. */
export function since({ clock }: Pick<CliContext, 'clock'>): OptionRow {
  return {
    flags: '--since <time>',
    description: 'from this time on: 10m, or 2026-05-01T12:00:00Z',
    parse: parseMoment(() => clock.now()),
  };
}
