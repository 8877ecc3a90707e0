import { runCommand } from './run-command.ts';

/**
 * The references of the images in an archive as `docker save` writes it, packed or not; it may have to be read whole. Rejects for anything
 * else.
 */
export async function readArchiveReferences(archive: string): Promise<readonly string[]> {
  const manifest = await runCommand('tar', ['-xOf', archive, 'manifest.json']);
  return referencesIn(manifest);
}

/** The references in an archive's manifest.json. Source: Docker Image Specification v1.2, "Combined Image JSON". Pure. */
function referencesIn(manifest: string): string[] {
  const images = JSON.parse(manifest) as readonly { readonly RepoTags?: readonly string[] | null }[];
  return images.flatMap(({ RepoTags }) => RepoTags ?? []);
}
