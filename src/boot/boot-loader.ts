import type { BootEntry } from './boot-entry.ts';

/** A unified kernel image on its way to the boot loader. */
export interface KernelImage {
  readonly content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** What the boot loader would boot, and how it is told that a system is well, or is not. */
export interface BootLoader {
  /** The release's entry that this boot came from, with kernel arguments or without; undefined when no boot loader was asked. */
  running(): Promise<Pick<BootEntry, 'name' | 'version'> | undefined>;
  /** The name of what this boot came from, a release's entry or its kernel arguments', while tries of it are counted. */
  onTrial(): Promise<string | undefined>;
  /** All entries of releases, the one that is booted next first. */
  entries(): Promise<readonly BootEntry[]>;
  /** No more tries are counted: it stays. Durable when it resolves. Throws NOT_FOUND, HOST_REFUSED. */
  bless(name: string): Promise<void>;
  /**
   * Takes an entry out of the boot loader's sight and keeps the reason. Durable when it resolves.
   * Throws NOT_FOUND; CONFIG_INVALID when it is the only one, for a system that is not well is better than none, and when the other
   * one is newer and has not proved itself: that is no way back.
   */
  reject(name: string, reason: string): Promise<void>;
  /** Bytes that a kernel image may have once {@link clear} was called. */
  room(keep: string): Promise<number>;
  /** Copies an entry's kernel image to a file. Throws NOT_FOUND. */
  copy(name: string, to: string): Promise<void>;
  /**
   * Takes all of our entries away but that one, whole or half written. Durable. @returns their files. Throws HOST_REFUSED; NOT_FOUND
   * when that one is not there and others are.
   */
  clear(keep: string): Promise<readonly string[]>;
  /**
   * Puts a kernel image where it can be activated; until then the boot loader does not see it. It was read back when it resolves.
   * Throws DISK_FULL, RELEASE_REFUSED when the content is not what it should be, HOST_REFUSED.
   */
  stage(name: string, tries: number, image: KernelImage): Promise<void>;
  /** Makes a staged image an entry, by one write: the newest one is booted next, so many times at most. Throws NOT_FOUND, HOST_REFUSED. */
  activate(name: string, tries: number): Promise<void>;
}
