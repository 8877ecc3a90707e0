import { isBerthError } from '../../core/errors.ts';
import type { StoredMetadata } from './metadata-store.ts';
import { TrustedMetadata } from './trusted-metadata.ts';

/**
 * What a store holds, for a host whose trust begins with the shipped root; undefined when that root does not lead to it: another
 * repository's root has been declared since, or what is stored is damaged. Pure. Throws RELEASE_REFUSED when the shipped root is none.
 */
export function continueFrom(stored: StoredMetadata, shippedRoot: Uint8Array): StoredMetadata | undefined {
  const walk = new TrustedMetadata(shippedRoot, 0);
  const shipped = walk.root;
  const current = stored.files.get('root');
  if (current === undefined) return undefined;
  const contents = [...stored.pastRoots, current];
  try {
    const roots = contents.map((content) => new TrustedMetadata(content, 0).root);
    const last = roots.at(-1) ?? shipped;
    if (roots.some((root) => root.equals(shipped))) return stored;
    if (last.version < shipped.version) {
      // An image may be newer than what this host saw of its repository, whose timestamp the newer root still vouches for.
      walk.recallTimestamp(stored.files.get('timestamp') ?? new Uint8Array());
      return { ...stored, files: new Map(stored.files).set('root', shippedRoot), pastRoots: contents };
    }
    // An image may be older than the one this host began with.
    for (const [index, { version }] of roots.entries())
      if (version === walk.root.version + 1) walk.updateRoot(contents[index] ?? current);
    return walk.root.equals(last) ? { ...stored, pastRoots: [shippedRoot, ...stored.pastRoots] } : undefined;
  } catch (error) {
    if (isBerthError(error, 'RELEASE_REFUSED')) return undefined;
    throw error;
  }
}
