import type { BootEntry } from './boot-entry.ts';

/** What the boot loader would boot, and how it is told that a system is well, or is not. */
export interface BootLoader {
  /** The entry that this boot came from; undefined when no boot loader was asked. */
  running(): Promise<Pick<BootEntry, 'name' | 'version'> | undefined>;
  /** All entries, the one that is booted next first. */
  entries(): Promise<readonly BootEntry[]>;
  /** No more tries are counted: it stays. Durable when it resolves. Throws NOT_FOUND, HOST_REFUSED. */
  bless(name: string): Promise<void>;
  /**
   * Takes an entry out of the boot loader's sight and keeps the reason. Durable when it resolves.
   * Throws NOT_FOUND; CONFIG_INVALID when it is the only one: a system that is not well is better than none.
   */
  reject(name: string, reason: string): Promise<void>;
}
