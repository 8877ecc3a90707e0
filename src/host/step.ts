import type { RemoteContent } from '../config/remote-content.ts';
import type { StepBase } from '../core/plan.ts';
import type { CommandTask } from './commands/tasks.ts';
import type {
  ArrayRequest,
  EncryptionRequest,
  FetchTerms,
  FilesystemRequest,
  MappingRequest,
  MountRequest,
  Ownership,
  PartitionChanges,
} from './ports.ts';

interface HostStepBase extends StepBase {
  /** Key path in the config. */
  readonly key: string;
  /** `early`: before the network and the engines; `online`: needs the network. */
  readonly phase: 'early' | 'online';
  /** True: the host is fine without it (a mount with `nofail`). */
  readonly optional: boolean;
}

/** Everything that is done to the machine's own resources. Each is idempotent and safe to repeat after a crash. */
export type HostAction =
  | {
      readonly kind: 'write-file';
      readonly path: string;
      readonly contentBase64: string;
      readonly ownership: Ownership;
      /** True: directories that are made for it are its owner's, too. */
      readonly ownsParents?: true;
    }
  | { readonly kind: 'remove-file'; readonly path: string }
  /** Whatever is at the path, with all that is below it. */
  | { readonly kind: 'remove-tree'; readonly path: string }
  /** `owner`: of the link itself; absent: root. */
  | {
      readonly kind: 'make-link';
      readonly path: string;
      readonly target: string;
      readonly owner?: { readonly uid: number; readonly gid: number };
    }
  | { readonly kind: 'make-hard-link'; readonly path: string; readonly target: string }
  /** Fetches, verifies and keeps content at a path; what it is for is written after that. */
  | {
      readonly kind: 'fetch-content';
      readonly content: RemoteContent;
      readonly path: string;
      readonly limits: FetchTerms;
    }
  | {
      readonly kind: 'make-directory';
      readonly path: string;
      readonly ownership: Ownership;
      readonly skeleton?: string;
    }
  | { readonly kind: 'set-hostname'; readonly name: string }
  /** `text`: all arguments of the config; empty: none. */
  | { readonly kind: 'stage-kernel-arguments'; readonly text: string }
  | { readonly kind: 'load-module'; readonly name: string }
  | { readonly kind: 'load-keymap'; readonly path: string }
  | { readonly kind: 'set-sysctl'; readonly name: string; readonly value: string }
  /** `script`: the layout in sfdisk(8)'s language. */
  | { readonly kind: 'partition-disk'; readonly device: string; readonly script: string }
  | { readonly kind: 'change-partitions'; readonly device: string; readonly changes: PartitionChanges }
  | { readonly kind: 'create-array'; readonly array: ArrayRequest }
  | { readonly kind: 'assemble-array'; readonly name: string; readonly devices: readonly string[] }
  /** A random key at a path, unless there is one; `kept`: where the one is that is used again. */
  | { readonly kind: 'make-key'; readonly path: string; readonly kept: string }
  /** Tries the key first: what it opens stays. */
  | {
      readonly kind: 'encrypt-device';
      readonly device: string;
      readonly request: EncryptionRequest;
      readonly overwrite: boolean;
      readonly mayDestroy: boolean;
    }
  | { readonly kind: 'open-luks'; readonly device: string; readonly mapping: MappingRequest }
  | {
      readonly kind: 'make-filesystem';
      readonly device: string;
      readonly request: FilesystemRequest;
      /** What may be lost: checked again just before. */
      readonly overwrite: boolean;
      readonly replaces: readonly string[];
    }
  | { readonly kind: 'grow-partition'; readonly disk: string; readonly number: number }
  | { readonly kind: 'grow-filesystem'; readonly device: string; readonly type: string; readonly mountPoint?: string }
  | { readonly kind: 'mount'; readonly mount: MountRequest }
  /** Another source or other options on the same mount point. */
  | { readonly kind: 'mount-anew'; readonly mount: MountRequest; readonly unmountFirst: boolean }
  | { readonly kind: 'unmount'; readonly target: string }
  | { readonly kind: 'make-swap-file'; readonly path: string; readonly sizeBytes: number }
  | { readonly kind: 'swap-on'; readonly path: string; readonly options: readonly string[] }
  | { readonly kind: 'swap-off'; readonly path: string }
  /** Once: what was begun before is not begun again. */
  | { readonly kind: 'run-task'; readonly task: CommandTask };

export type HostStep = HostStepBase & HostAction;
export type HostStepKind = HostAction['kind'];
/** The step of one kind. */
export type HostStepOf<K extends HostStepKind> = Extract<HostStep, { kind: K }>;

/** Something the config asks for that is not done, and what would have to happen first. */
export interface BlockedChange {
  readonly subject: string;
  /** Key path in the config. */
  readonly key: string;
  readonly why: string;
  /** `destroy`: an operator names the device; `device`: it is not there; `boot`: done by a reboot; `config`: never. */
  readonly until: 'destroy' | 'device' | 'boot' | 'config';
  /** What a person can do. */
  readonly hint?: string;
}

export interface HostPlan {
  /** In an order that works; `after` names what must have succeeded. */
  readonly steps: readonly HostStep[];
  readonly blocked: readonly BlockedChange[];
}
