/**
 * The port to the files that a Butane config takes in (`local`, `trees`, `contents_local`): those of one directory.
 * Paths are relative to it; what leads out of it is a problem.
 */
export interface LocalFiles {
  read(path: string): LocalFile | LocalProblem;
  tree(path: string): LocalTree | LocalProblem;
}

export interface LocalFile {
  readonly kind: 'file';
  readonly content: Uint8Array;
}

export interface LocalTree {
  readonly kind: 'tree';
  /** The directory itself first, then what is in it, each folder in the order of its names' bytes. */
  readonly entries: readonly TreeEntry[];
}

export type TreeEntry = { readonly path: string } & (
  | { readonly kind: 'directory' }
  | { readonly kind: 'file'; readonly executable: boolean; readonly content: Uint8Array }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'problem'; readonly reason: string }
);

export interface LocalProblem {
  readonly kind: 'problem';
  readonly reason: string;
}

/** Butane's own refusal when no directory was given. */
export const noFilesDirectory: LocalProblem = {
  kind: 'problem',
  reason: 'no directory for local files was given',
};
