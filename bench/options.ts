import { parseArgs } from 'node:util';
import type { PeerName } from './scenario.ts';

export interface Options {
  readonly help: boolean;
  readonly quick: boolean;
  readonly runs: number;
  /** Names of scenarios; empty: all. */
  readonly only: readonly string[];
  readonly peers: readonly PeerName[];
}

const allPeers = ['compose', 'raw', 'berth'] as const satisfies readonly PeerName[];

export const usage = `npm run bench -- [--runs N] [--quick] [--only SCENARIO]… [--peer compose|raw|berth]…

Measures Berth's production bundle (npm run build) against Docker Compose and against the engine's plain API, on a Docker
Engine of its own. Needs root. Writes bench/RESULTS.md after a full run (every scenario and peer, not quick). Exit code 1 when a limit is missed.`;

/** How often to run: what was said, else the number for a short look or for a full one. Throws with a message for a person. */
export function runsOf(said: string | undefined, quick: boolean, defaults: { quick: number; full: number }): number {
  const runs = Number(said ?? (quick ? defaults.quick : defaults.full));
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${said ?? ''}: must be a whole number from 1`);
  return runs;
}

/** Reads the command line. Throws with a message for a person. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      quick: { type: 'boolean', default: false },
      runs: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      peer: { type: 'string', multiple: true, default: [...allPeers] },
    },
  });
  const runs = runsOf(values.runs, values.quick, { quick: 3, full: 7 });
  const peers = values.peer.map((name) => {
    const peer = allPeers.find((known) => known === name);
    if (peer === undefined) throw new Error(`--peer ${name}: there are ${allPeers.join(', ')}`);
    return peer;
  });
  return { help: values.help, quick: values.quick, runs, only: values.only, peers };
}
