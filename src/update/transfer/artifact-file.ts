import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseFile } from '../release-manifest.ts';

/** Writes an artifact part by part. @returns what `release.json` says of it. */
export async function writeArtifact(
  directory: string,
  name: string,
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<ReleaseFile> {
  const file = await open(join(directory, name), 'w');
  const sum = createHash('sha256');
  let bytes = 0;
  try {
    for await (const part of parts) {
      sum.update(part);
      bytes += part.length;
      await file.appendFile(part);
    }
  } finally {
    await file.close();
  }
  return { name, bytes, sha256: sum.digest('hex') };
}

/** How much such parts are together. Pure. */
export function bytesOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}
