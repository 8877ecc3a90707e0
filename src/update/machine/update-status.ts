import type { TransferProgress } from '../transfer/transfer-options.ts';
import type { UpdateStep } from './update-plan.ts';
import type { UpdateStateKind, UpdateTarget } from './update-state.ts';

/** What a host does about updates, for those who look at it. */
export interface UpdateStatus {
  readonly state: UpdateStateKind;
  /** Which release is brought, or staged. */
  readonly version: string | null;
  /** ISO time since when it is staged. */
  readonly since: string | null;
  /** While the slot is written. */
  readonly progress: TransferProgress | null;
  /** Where releases come from; null: nothing is declared. */
  readonly feed: string | null;
  readonly channel: string;
  readonly strategy: string;
  /** An operator's word: `1.2.3`, or `1.2` for all of 1.2; nothing before `until`, an ISO time. */
  readonly pin: { readonly version: string | null; readonly until: string | null };
  /** How the last look at the repository ended; failures are those in a row. */
  readonly lastLook: {
    readonly at: string;
    readonly outcome: string;
    readonly failures: number;
    readonly warnings: readonly string[];
  } | null;
  /** ISO time at which the host looks by itself; null: it does not. */
  readonly nextLook: string | null;
  /** What the host will do about a restart, and why; null: nothing is staged. */
  readonly restart: string | null;
  /** Who postpones a restart; `until`: ISO time. */
  readonly inhibitors: readonly { readonly who: string; readonly why: string; readonly until: string }[];
}

/** What a look at the repository found. */
export interface UpdateOffer {
  /** Null: this host stays with what it has. */
  readonly target: UpdateTarget | null;
  /** For a person: why nothing is offered, or what is. */
  readonly outcome: string;
  readonly warnings: readonly string[];
  /** What taking it would do; without a release, only what becomes of service images that came along. */
  readonly steps: readonly UpdateStep[];
}

/** How an update ended well. */
export interface UpdateEnd {
  readonly kind: 'done';
  /** `staged`: the next boot is the new release's; `none`: there was nothing to take; `restarting`: it boots now. */
  readonly outcome: 'staged' | 'none' | 'restarting';
  readonly version: string | null;
  readonly why: string;
  readonly bytesFetched: number;
  /** Why a cheaper way was left. */
  readonly detours: readonly string[];
  /** Service images that came along and are on the host now, by the names that services have for them. */
  readonly images: readonly string[];
}

/** What is told of an update under way, as it comes; the last one is its end. */
export type UpdateEventLine =
  | { readonly kind: 'state'; readonly state: UpdateStateKind; readonly version: string | null }
  | { readonly kind: 'progress'; readonly progress: TransferProgress }
  | UpdateEnd;
