import { createInterface } from 'node:readline';
import { systemClock } from '../../../../src/agent/system-clock.ts';
import { runCommand } from '../../../../src/engine/run-command.ts';
import { type DeclaredNetwork, NetworkController } from '../../../../src/host/network/network-controller.ts';

/** A line of this program's output. */
export type HostLine =
  | { readonly kind: 'status'; readonly status: NonNullable<NetworkController['status']> }
  | { readonly kind: 'step'; readonly step: string; readonly error: string | undefined };

/*
 * The network controller as a program, for a network namespace of its own: what is declared comes line by line as JSON
 * on stdin, status and steps go as JSON to stdout. Ends on SIGTERM or at the end of stdin.
 */
const print = (line: HostLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const controller = new NetworkController({
  run: (command, args, options) => runCommand(command, args, options),
  clock: systemClock,
  random: Math.random,
  onStatus: (status) => print({ kind: 'status', status }),
  onStep: (step, error) => print({ kind: 'step', step: step.id, error }),
});
const stop = new AbortController();
const lines = createInterface({ input: process.stdin });
process.once('SIGTERM', () => process.stdin.destroy());
let started: Promise<void> | undefined;
lines.on('line', (line) => {
  controller.declare(JSON.parse(line) as DeclaredNetwork);
  started ??= controller.run(stop.signal);
});
process.stdin.once('close', () => stop.abort(new Error('stopped')));
