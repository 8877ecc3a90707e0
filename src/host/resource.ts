import { type ConfigChange, diffConfigs } from '../config/diff.ts';
import { emptyHostConfig, type HostConfig } from '../config/host-config.ts';
import type { Reason } from '../core/plan.ts';
import type { FileState } from './ports.ts';
import type { BlockedChange, HostAction, HostStep } from './step.ts';

export interface HostPlanOptions {
  /** What was applied before; absent on a host to which nothing was. What it declared and the config does not is undone. */
  readonly previous?: HostConfig;
  /** True in the first round after a boot: what is missing then is the boot's doing, not drift. */
  readonly boot?: boolean;
  /** True until a config was applied as a whole once: only then may devices be written over without being named. */
  readonly firstApply?: boolean;
  /** Devices that an operator named: what is on them may be lost. */
  readonly destroy?: readonly string[];
  /** True for a tree that is no running system: nothing in it is read-only, and nothing is fetched for it. */
  readonly tree?: boolean;
  /** Numbers of groups that other parts of the host rely on, by name. */
  readonly groupIds?: Readonly<Record<string, number>>;
}

/** A file whose whole content Berth decides. */
export interface DesiredFile {
  readonly path: string;
  /** undefined: the file is not to be there. */
  readonly content: string | undefined;
  readonly mode: number;
  /** Key path in the config it comes from. */
  readonly key: string;
  readonly subject: string;
}

/** What one resource wants. */
export interface ResourcePlan {
  readonly files?: readonly DesiredFile[];
  readonly steps?: readonly HostStep[];
  readonly blocked?: readonly BlockedChange[];
}

/** What was seen of files: path → what is there, and what the image has there. */
export interface ObservedFiles {
  readonly states: ReadonlyMap<string, FileState>;
  readonly links: ReadonlyMap<string, string>;
  /** Path → which file it is; two names of one file have the same. Links are files of their own. */
  readonly identities: ReadonlyMap<string, string>;
  readonly defaults: ReadonlyMap<string, string>;
  readonly hasDefaults: boolean;
}

export interface StepText {
  readonly subject: string;
  /** Key path in the config. */
  readonly key: string;
  readonly summary: string;
  readonly id?: string;
  readonly after?: readonly string[];
  readonly cost?: HostStep['cost'];
  readonly phase?: HostStep['phase'];
  readonly optional?: boolean;
}

/** What every resource's plan is made with. Pure. */
export class PlanContext {
  readonly options: HostPlanOptions;
  readonly previous: HostConfig;
  readonly files: ObservedFiles;
  readonly #changes: readonly ConfigChange[];

  constructor(config: HostConfig, files: ObservedFiles, options: HostPlanOptions) {
    this.options = options;
    this.previous = options.previous ?? emptyHostConfig;
    this.files = files;
    this.#changes = diffConfigs(this.previous, config);
  }

  /** The text that a file of the image has before Berth changes it; empty when there is none. */
  baseText(path: string): string {
    return this.#base(path) ?? '';
  }

  /** undefined when the image has no such file. */
  #base(path: string): string | undefined {
    if (this.files.hasDefaults) return decode(this.files.defaults.get(path));
    const state = this.files.states.get(path);
    return state?.kind === 'file' ? decode(state.contentBase64) : undefined;
  }

  /** What is at a path now. */
  text(path: string): string | undefined {
    const state = this.files.states.get(path);
    return state?.kind === 'file' ? decode(state.contentBase64) : undefined;
  }

  /** Why a key's step is in the plan: its change in the config, else the boot, else drift. */
  reason(key: string, subject: string): Reason {
    const change = this.#changes.find((one) => one.key === key || covers(key, one.key) || covers(one.key, key));
    if (change !== undefined) return { kind: 'config', key: change.key, change: change.change };
    if (this.options.boot === true) return { kind: 'boot' };
    return { kind: 'drift', detail: `${subject} is not as ${key} says` };
  }

  /** True when what is on a device may be lost. */
  mayDestroy(...names: readonly string[]): boolean {
    return this.options.firstApply === true || names.some((name) => this.options.destroy?.includes(name) === true);
  }

  step(action: HostAction, text: StepText): HostStep {
    const { subject, key, summary } = text;
    return {
      id: text.id ?? `${action.kind}:${subject}`,
      subject,
      key,
      cost: text.cost ?? 'live',
      reason: this.reason(key, subject),
      summary,
      after: text.after ?? [],
      phase: text.phase ?? 'early',
      optional: text.optional ?? false,
      ...action,
    };
  }
}

function covers(prefix: string, key: string): boolean {
  return key.startsWith(prefix) && /^[.[]/.test(key.slice(prefix.length));
}

function decode(base64: string | undefined): string | undefined {
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('utf8');
}
