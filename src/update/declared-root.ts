import type { HostConfig } from '../config/host-config.ts';
import type { ParseResult } from '../config/parse.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import { messageOf } from '../core/errors.ts';
import { TrustedMetadata } from './tuf/trusted-metadata.ts';

/** A config, and what is wrong with the root that it had. */
export interface JudgedRoot {
  /** Without a root that nobody could begin to trust with. */
  readonly config: HostConfig;
  readonly diagnostics: readonly Diagnostic[];
}

const path = 'berth.update.root';

/**
 * Looks at `berth.update.root` as a host does that begins to trust with it: enough of its own keys have to have signed it. Whether it has
 * expired is of no interest, since there may be newer ones. Pure.
 */
export function judgeDeclaredRoot({ config, sources }: Pick<ParseResult, 'config' | 'sources'>): JudgedRoot {
  const { root, ...update } = config.update;
  const objection = root === undefined ? undefined : objectionTo(root);
  if (objection === undefined) return { config, diagnostics: [] };
  const position = sources().get(path) ?? { file: '', line: 0, column: 0 };
  const message = `no host could begin to trust with it: ${objection}`;
  const hint = "the text of the repository's metadata/1.root.json, whole and unchanged";
  const diagnostic: Diagnostic = { ...position, path, severity: 'error', code: 'invalid-value', message, hint };
  return { config: { ...config, update }, diagnostics: [diagnostic] };
}

function objectionTo(root: string): string | undefined {
  try {
    new TrustedMetadata(Buffer.from(root), 0);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
