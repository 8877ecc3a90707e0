import type { OsEvent, OsStatus } from '../update/os-status.ts';
import type { Operator } from './operator.ts';

/** The operating system under an agent: the release that runs, and what became of those before. */
export interface OsService {
  /** The release that runs, and those that the boot loader knows. */
  osStatus(): Promise<OsStatus>;
  /** Newest first. */
  osHistory(): Promise<readonly OsEvent[]>;
  /**
   * Keeps the running release at once; with `manual` whatever its health gate says. Does nothing when it is blessed.
   * Throws BUSY, naming what does not hold.
   */
  blessOs(options: { readonly manual: boolean }, operator: Operator): Promise<OsStatus>;
  /**
   * Takes the running release away and restarts into the other one, soon after this resolves; with `force` also past volumes that
   * go forward only. Throws CONFIG_INVALID when there is no other, HOST_REFUSED naming such volumes.
   */
  rollBackOs(options: { readonly reason: string; readonly force: boolean }, operator: Operator): Promise<void>;
}
