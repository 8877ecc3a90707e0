import type { Diagnostic } from '../../core/diagnostic.ts';
import type { HostConfig } from '../host-config.ts';
import type { LocalFiles } from '../local-files.ts';
import type { PasswordHasher } from '../password.ts';
import type { LayerName } from '../user-data/layer-names.ts';

/** One text given to the parser. */
export interface SourceFile {
  /** How diagnostics name it. */
  readonly file: string;
  readonly text: string;
  /** Where it comes from; absent: the user wrote it. */
  readonly layer?: LayerName;
}

/** A place in one of the given files; line and column 1-based. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What a config may refer to besides its own text. */
export interface DialectContext {
  /** Variables for `${NAME}` in Compose values; the config's own `berth.environment` goes over them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Names of the catalogue's services; undefined when the caller does not know the catalogue. */
  readonly catalogue: readonly string[] | undefined;
  readonly hashPassword: PasswordHasher;
  /** The local files that a config may take in; absent: one that does is wrong. */
  readonly localFiles?: LocalFiles | undefined;
  /** True: what the texts refer to on servers is taken in before they are applied, so that it is only told of. */
  readonly isCompletedLater?: boolean;
}

export interface DialectResult {
  readonly config: HostConfig;
  readonly diagnostics: readonly Diagnostic[];
  /** Formatted key path, as in the text or as `diffConfigs` names it → where it was declared. */
  /** Worked out when it is asked for. */
  readonly sources: () => ReadonlyMap<string, SourcePosition>;
}

/** What a language's own validator says about one file. */
export interface Verdict {
  readonly diagnostics: readonly Diagnostic[];
  /** False when the validator does not look into the text: nothing more is to be said about it. */
  readonly isOpen: boolean;
}

/** A language that host configs are written in. */
export interface Dialect {
  readonly name: string;
  /** For messages: `#cloud-config`. */
  readonly title: string;
  recognises(text: string, file: string): boolean;
  /** Ends of the names of files that are in this language whatever stands in them, as its own tools take them. */
  readonly endings?: readonly string[];
  /** Reads the files as one config, a later one over an earlier one. Pure; never throws. */
  parse(files: readonly SourceFile[], context: DialectContext): DialectResult;
  /** The verdict of the language's own validator; absent when its errors are those that `parse` finds. Pure; never throws. */
  readonly judge?: (file: SourceFile) => Verdict;
  /** The text with hashes in the place of clear-text passwords; absent when the language has no such passwords. Pure. */
  readonly seal?: (text: string, hash: PasswordHasher) => string;
}
