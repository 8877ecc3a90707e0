import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeReleaseDirectory } from '../../../src/update/repository/release-directory.ts';

/** What the maker of a release says of it. */
export const factsOf = (version: string, sequence: number) => ({
  ...{ version, sequence },
  architecture: 'amd64' as const,
  kernel: 'cloud',
  created: '2026-05-01T12:00:00Z',
  stateSchema: { from: 1, to: 1 },
});

/** Writes a release of one block into `DIRECTORY/r-VERSION`. @returns that. */
export async function writeSmallRelease(directory: string, version: string, sequence: number): Promise<string> {
  const into = join(directory, `r-${version}`);
  await mkdir(into, { recursive: true });
  const [usr, uki] = [join(directory, `${version}.usr`), join(directory, `${version}.efi`)];
  await writeFile(usr, Buffer.alloc(12_288, version));
  await writeFile(uki, `kernel ${version}`);
  const rootHash = createHash('sha256').update(Buffer.alloc(4096, version)).digest('hex');
  const parts = {
    usr: { file: usr, dataBlocks: 1, rootHash },
    uki: { file: uki, name: `berth_${version}.efi` },
    facts: factsOf(version, sequence),
  };
  await writeReleaseDirectory(into, parts, 1, new AbortController().signal);
  return into;
}

/** `release.json` of a release of one block. */
export function releaseDocument(version: string, sequence: number) {
  return {
    format: 1,
    product: 'berth',
    ...factsOf(version, sequence),
    usr: { sha256: 'a'.repeat(64), bytes: 12_288, dataBlocks: 1, rootHash: 'b'.repeat(64) },
    uki: { name: `berth_${version}.efi`, sha256: 'c'.repeat(64), bytes: 10 },
    artifacts: [
      { kind: 'full', name: 'usr.zst', sha256: 'd'.repeat(64), bytes: 20 },
      { kind: 'index', name: 'usr.idx', sha256: 'f'.repeat(64), bytes: 32 },
    ],
  };
}
