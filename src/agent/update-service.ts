import type { Pin } from '../update/machine/update-memory.ts';
import type { UpdateEventLine, UpdateOffer, UpdateStatus } from '../update/machine/update-status.ts';
import type { SlotDamage } from '../update/transfer/tree-check.ts';
import type { Operator } from './operator.ts';

/** Which release, and from where. */
export interface UpdateOptions {
  /** This version, whatever the rollout says. */
  readonly to?: string;
  /** Another repository than the declared one: an absolute path on the host, or a URL. */
  readonly from?: string;
}

/** What a slot has that its release has not. */
export interface SlotCheck extends SlotDamage {
  readonly version: string;
  readonly device: string;
  readonly rootHash: string;
  /** Blocks of 4096 bytes that were read. */
  readonly blocks: number;
}

/** What an operator's wish to cancel ended. */
export interface Cancelled {
  /** An update under way, or one that was staged. */
  readonly cancelled: boolean;
  /** There was neither, and nothing keeps the permit any more with which a release that failed was booted. */
  readonly permitGoesBack: boolean;
}

/** Updates of the operating system. */
export interface UpdateService {
  updateStatus(): Promise<UpdateStatus>;
  /** Asks the repository and changes nothing. Throws RELEASE_REFUSED, RELEASE_UNREACHABLE, NOT_FOUND, CONFIG_INVALID, BUSY. */
  lookForUpdate(options: UpdateOptions, operator: Operator): Promise<UpdateOffer>;
  /**
   * Takes what is offered; the last line is the result. Without `stageOnly` the host restarts into it. Hanging up does not end it.
   * Throws what looking throws, and DISK_FULL, HOST_REFUSED, UNSUPPORTED, CANCELLED: the host is then as it was.
   */
  updateOs(
    options: UpdateOptions & { readonly stageOnly: boolean },
    operator: Operator,
    onLine: (line: UpdateEventLine) => void,
    signal?: AbortSignal,
  ): Promise<void>;
  /** Ends an update that is under way, and drops what is staged; without either, a permit that is kept goes back. */
  cancelUpdate(operator: Operator): Promise<Cancelled>;
  /** What this host may take from now on; an empty pin: whatever is offered. */
  pinUpdates(pin: Pin, operator: Operator): Promise<UpdateStatus>;
  /** Postpones restarts in somebody's name, 24 hours at most; again: for another time. Throws USAGE. */
  inhibitRestart(
    inhibitor: { readonly who: string; readonly why: string; readonly forMs: number },
    operator: Operator,
  ): Promise<UpdateStatus>;
  /** Ends that. Throws NOT_FOUND when nobody of that name postpones restarts. */
  allowRestart(who: string, operator: Operator): Promise<UpdateStatus>;
  /** Reads the whole running slot from the disk and names what differs. Throws HOST_REFUSED. */
  verifyOs(): Promise<SlotCheck>;
}
