import type { Command } from './context.ts';

/** An option of a command, in commander's notation. */
export interface OptionRow {
  readonly flags: string;
  readonly description: string;
  readonly parse?: (value: string, previous: never) => unknown;
}

/** A command as the command line knows it; its code is loaded when it runs. */
export interface CommandRow {
  /** `service graph` is a command of the group `service`. */
  readonly name: string;
  readonly args?: string;
  readonly summary: string;
  readonly options?: readonly OptionRow[];
  /** Complete command lines, with what they do. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** It runs another program: what follows the first argument (and our options) is that one's. */
  readonly passThrough?: boolean;
  readonly load: () => Promise<Command>;
}
