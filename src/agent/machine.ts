import type { HostConfig } from '../config/host-config.ts';
import type { KeyReport, SkippedStep, StepBase } from '../core/plan.ts';
import { type HostMode, skippedOnLocalHost } from '../host/plan.ts';
import type { AbsentMount } from '../services/absent-mounts.ts';
import type { ApplyEvent, MachineStatus } from './model.ts';

export interface BringOptions {
  /** What was declared until now: what it made and the new config does not name is undone. */
  readonly previous: HostConfig;
  /** The config was applied before; the machine started anew. */
  readonly boot?: boolean;
  /** Devices that an operator named: what is on them may be lost. */
  readonly destroy?: readonly string[];
  /** Not what was meant for this machine: the first apply stays to be done, with all that it may destroy. */
  readonly provisional?: boolean;
}

/** What would be done, and what is asked for and would not be. */
export interface MachinePlan {
  readonly steps: readonly StepBase[];
  readonly skipped: readonly SkippedStep[];
}

/** The machine under the engines: its files, accounts, disks and network. Ours to change on a host, not on somebody's own. */
export interface Machine {
  readonly mode: HostMode;
  /** What of a config is left alone on this machine, and why. */
  skipped(config: HostConfig): readonly SkippedStep[];
  /** What would be done for a config now. Changes nothing. */
  plan(config: HostConfig, options: BringOptions): Promise<MachinePlan>;
  /** Brings the machine to a config, as far as that goes now. @returns the keys that are not as declared, and why. */
  bring(config: HostConfig, options: BringOptions, onEvent: (event: ApplyEvent) => void): Promise<readonly KeyReport[]>;
  /** True from power-on until the config that the boot found was declared, and while another one is brought about. */
  readonly isChanging: boolean;
  /** True while something that the host is not well without waits for the network. */
  readonly isWaiting: boolean;
  /** What is declared to be mounted and is not. */
  readonly absentMounts: readonly AbsentMount[];
  /** Calls back whenever those change. One listener. */
  onMounts(listener: () => void): void;
  /** null on somebody's own machine. */
  status(): Omit<MachineStatus, 'release'> | null;
}

/** Somebody's own machine: nothing of it is touched. */
export const guestMachine: Machine = {
  mode: 'local',
  skipped: (config) => skippedOnLocalHost(config),
  plan: async () => Promise.resolve({ steps: [], skipped: [] }),
  bring: async () => Promise.resolve([]),
  isChanging: false,
  isWaiting: false,
  absentMounts: [],
  onMounts: () => undefined,
  status: () => null,
};
