import { createHash } from 'node:crypto';
import type { TargetFile } from '@tufjs/models';
import { refuse } from './refusal.ts';

/** The digests that a file is held against; one of them has to be there. */
const algorithms = ['sha256', 'sha512'] as const;

/** A file that the repository's metadata vouches for. */
export interface TrustedTarget {
  /** Its name in the metadata. */
  readonly path: string;
  readonly bytes: number;
  /** Algorithm → hexadecimal digits. */
  readonly hashes: Readonly<Record<string, string>>;
  /** Where it is below `targets`, part by part. */
  readonly place: readonly string[];
}

/** Throws RELEASE_REFUSED for a target without a digest that can be checked. Pure. */
export function toTrustedTarget(file: TargetFile, isConsistent: boolean): TrustedTarget {
  const { path, length: bytes, hashes } = file;
  const hash = algorithms.map((name) => (Object.hasOwn(hashes, name) ? hashes[name] : undefined)).find(Boolean);
  if (hash === undefined) throw refuse('malformed', path, 'its digest is neither SHA-256 nor SHA-512');
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  return { path, bytes, hashes, place: [...parts, isConsistent ? `${hash}.${name}` : name] };
}

/** Whether this is the target's content: its length and all digests that it names. Pure. */
export function isContentOf({ bytes, hashes }: TrustedTarget, content: Uint8Array): boolean {
  return (
    content.length === bytes &&
    algorithms.every(
      (name) => hashes[name] === undefined || createHash(name).update(content).digest('hex') === hashes[name],
    )
  );
}
