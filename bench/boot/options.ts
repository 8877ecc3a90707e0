import { parseArgs } from 'node:util';
import { runsOf } from '../options.ts';
import { type HostName, hostNames } from './hosts.ts';

export interface BootBenchOptions {
  readonly help: boolean;
  /** A short look: one run of an image that was made quickly, without what is measured once. */
  readonly quick: boolean;
  readonly runs: number;
  /** Only this host, without comparing. */
  readonly only?: HostName;
}

export const usage = `npm run bench:boot -- [--runs N] [--quick] [--only berth|debian]

Measures, in emulated virtual machines, how long a Berth host and a Debian 13 host with cloud-init and Docker take from power-on
until the same five services are healthy, on first and second boots in turn; and how large, busy and quick to shut down they are.
Needs root. Writes bench/BOOT-RESULTS.md after a full run (5 runs unless said, not quick). Exit code 1 when a limit is missed.
With --only, one host is looked at and nothing is compared.`;

/** Reads the command line. Throws with a message for a person. */
export function readOptions(args: readonly string[]): BootBenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      quick: { type: 'boolean', default: false },
      runs: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const runs = runsOf(values.runs, values.quick, { quick: 1, full: 5 });
  const only = hostNames.find((name) => name === values.only);
  if (values.only !== undefined && only === undefined)
    throw new Error(`--only ${values.only}: ${hostNames.join(' or ')}`);
  return { help: values.help, quick: values.quick, runs, ...(only === undefined ? {} : { only }) };
}
