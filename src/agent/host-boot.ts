import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KernelArguments } from '../boot/kernel-arguments.ts';
import type { PowerConfig } from '../config/commands-config.ts';
import type { Clock } from '../core/clock.ts';
import { isMissing } from '../engine/durable-file.ts';
import { runCommand } from '../engine/run-command.ts';
import { TaskMarks } from '../host/commands/task-marks.ts';
import { HostTaskRunner } from '../host/commands/task-runner.ts';
import { imageDefaults, machinePorts } from '../host/host-ports.ts';
import { HostReconciler } from '../host/host-reconciler.ts';
import { NetworkController } from '../host/network/network-controller.ts';
import type { NetworkStatus } from '../host/network/network-status.ts';
import { ProcessTrust } from '../host/trust/process-trust.ts';
import { engineGroupId } from '../services/catalogue/variables.ts';
import type { StepRecord, StepRecorder } from '../services/ports.ts';
import type { Say } from './boot-console.ts';
import { FirstApply } from './first-apply.ts';
import { HostMachine } from './host-machine.ts';
import { Maintenance } from './maintenance.ts';
import { berthVersion } from './version.ts';

export interface HostBootOptions {
  readonly stateDirectory: string;
  readonly runDirectory: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly recorder: StepRecorder;
  readonly say: Say;
  /** Where the SSH server's public keys are. */
  readonly hostKeyDirectory: string;
  /** Absent where the boot entries could not be found. */
  readonly kernelArguments?: KernelArguments;
  /** Restarts or powers off once the config is brought about; resolves when that is on its way. */
  readonly power: (power: PowerConfig) => Promise<void>;
  readonly signal: AbortSignal;
}

/** What commands and scripts of a config say; the name is cloud-init's, where people and tools look. */
const commandLog = '/var/log/cloud-init-output.log';

/** A machine that Berth runs, with what its boot needs. */
export interface OwnHost {
  readonly machine: HostMachine;
  readonly network: NetworkController;
  readonly firstApply: FirstApply;
  /** What was run, and on which instance. */
  readonly taskMarks: TaskMarks;
  readonly maintenance: Maintenance;
  /** False when the state partition could not be read: /var is memory. */
  readonly keepsState: boolean;
  /** The network comes up from now on, as it is declared. Safe to call twice. */
  startNetwork(): void;
  /** Resolves when the signal has ended what runs. */
  ended(): Promise<void>;
}

/** Puts the parts of a host together; nothing is changed yet. */
export async function openHost(options: HostBootOptions): Promise<OwnHost> {
  const { stateDirectory, runDirectory, kernelArguments, clock, random, recorder, say, signal } = options;
  const network = new NetworkController({
    run: async (command, args, { signal: end }) => runCommand(command, args, { signal: end }),
    clock,
    random,
    directory: join(runDirectory, 'network'),
    onStatus: (status) => say(networkLine(status)),
    onStep: ({ kind, subject, cost, reason, summary }, error) => {
      const step = { at: clock.now(), kind, subject, cost, reason, summary, durationMs: 0 };
      const record: StepRecord =
        error === undefined ? { ...step, outcome: 'done' } : { ...step, outcome: 'failed', error };
      recorder.record(record);
    },
  });
  let networking: Promise<void> | undefined;
  const startNetwork = (): void => {
    networking ??= network.run(signal);
  };
  const keepsState = !existsSync(join(runDirectory, 'state-is-memory'));
  const firstApply = new FirstApply(join(stateDirectory, 'first-apply.json'), keepsState);
  const taskMarks = new TaskMarks({
    kept: join(stateDirectory, 'commands.json'),
    boot: join(runDirectory, 'commands.json'),
  });
  const tasks = new HostTaskRunner({
    ...{ marks: taskMarks, clock, say, power: options.power, hostKeyDirectory: options.hostKeyDirectory },
    directory: join(runDirectory, 'commands'),
    perDirectory: join(stateDirectory, 'per'),
    logFile: commandLog,
    version: berthVersion,
    datasource: () => machine.status().config?.datasource ?? 'none',
  });
  const maintenance = new Maintenance(join(runDirectory, 'maintenance'));
  const machine: HostMachine = new HostMachine({
    reconciler: new HostReconciler({
      ports: machinePorts(clock, imageDefaults, {
        tasks,
        ...(kernelArguments === undefined ? {} : { kernelArguments }),
      }),
      ...{ clock, recorder },
    }),
    network,
    trust: new ProcessTrust(),
    startNetwork,
    firstApply,
    maintenance,
    groupIds: { docker: engineGroupId },
    bootProblems: () => readLines(join(runDirectory, 'boot-problems')),
    ...{ clock, say, signal },
  });
  return {
    ...{ machine, network, firstApply, taskMarks, maintenance, keepsState, startNetwork },
    ended: async () => networking,
  };
}

/** `network ready: eth0 10.0.2.15`, or what is missing. */
function networkLine({ condition, links }: NetworkStatus): string {
  if (condition.ready)
    return `network ready: ${links.map(({ name, addresses }) => [name, ...addresses].join(' ')).join(', ')}`;
  const missing = [condition.address, condition.route, condition.dns].find(({ holds }) => !holds);
  return `network not ready: ${missing?.reason ?? 'no answer yet'}`;
}

/** A few lines in memory: nobody waits for a disk. */
function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
