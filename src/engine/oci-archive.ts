import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { replace } from 'tar';
import { z } from 'zod';
import { BerthError, messageOf } from '../core/errors.ts';
import { runCommand } from './run-command.ts';

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const manifestTypes = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]);
/** OCI Image Layout Specification 1.1, "index.json"; the names are what containerd and skopeo write. */
const indexSchema = z.object({
  manifests: z
    .array(
      z.object({
        mediaType: z.string(),
        digest,
        annotations: z
          .object({
            'io.containerd.image.name': z.string().optional(),
            'org.opencontainers.image.ref.name': z.string().optional(),
          })
          .optional(),
      }),
    )
    .min(1),
});
const manifestSchema = z.object({ config: z.object({ digest }), layers: z.array(z.object({ digest })) });

/**
 * Copies an archive of an OCI image layout (`skopeo copy … oci-archive:`, `docker buildx build --output type=oci`), packed with gzip or not,
 * and adds the manifest.json that engines look for (Docker Image Specification v1.2): its blobs serve as they are.
 * Throws CONFIG_UNREADABLE for a file that is none, UNSUPPORTED when an image in it is for several platforms.
 */
export async function withDockerManifest(archive: string, copy: string, signal: AbortSignal): Promise<void> {
  const manifest = await dockerManifest(archive);
  const isPacked = await startsWith(archive, [0x1f, 0x8b]);
  const [from, to] = [createReadStream(archive), createWriteStream(copy)];
  await (isPacked ? pipeline(from, createGunzip(), to, { signal }) : pipeline(from, to, { signal }));
  const directory = `${copy}.manifest`;
  await mkdir(directory);
  try {
    await writeFile(`${directory}/manifest.json`, JSON.stringify(manifest));
    await replace({ cwd: directory, file: copy, portable: true, mtime: new Date(0) }, ['manifest.json']);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The names of the images in an archive of an OCI image layout. Throws as {@link withDockerManifest} does. */
export async function ociImageNames(archive: string): Promise<readonly string[]> {
  return (await dockerManifest(archive)).flatMap(({ RepoTags }) => RepoTags);
}

interface DockerManifest {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  readonly Layers: readonly string[];
}

async function dockerManifest(archive: string): Promise<readonly DockerManifest[]> {
  const { manifests } = await readPart(archive, 'index.json', indexSchema);
  const images: DockerManifest[] = [];
  for (const { mediaType, digest: itsDigest, annotations = {} } of manifests) {
    if (!manifestTypes.has(mediaType))
      throw new BerthError('UNSUPPORTED', `an image in ${archive} is for several platforms (${mediaType})`, {
        hint: 'write it for one: skopeo copy --override-arch, docker buildx build --platform',
      });
    const { config, layers } = await readPart(archive, blobOf(itsDigest), manifestSchema);
    const name = annotations['io.containerd.image.name'] ?? annotations['org.opencontainers.image.ref.name'];
    images.push({
      Config: blobOf(config.digest),
      RepoTags: name === undefined ? [] : [name],
      Layers: layers.map((layer) => blobOf(layer.digest)),
    });
  }
  return images;
}

async function readPart<Schema extends z.ZodType>(
  archive: string,
  path: string,
  schema: Schema,
): Promise<z.infer<Schema>> {
  try {
    return schema.parse(JSON.parse(await runCommand('tar', ['-xOf', archive, path])));
  } catch (error) {
    throw new BerthError('CONFIG_UNREADABLE', `${archive} is no archive of images: ${messageOf(error)}`, {
      cause: error,
      hint: '"docker save" and "skopeo copy" to docker-archive: or oci-archive: write some',
    });
  }
}

function blobOf(itsDigest: string): string {
  return `blobs/${itsDigest.replace(':', '/')}`;
}

async function startsWith(path: string, bytes: readonly number[]): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(bytes.length), 0, bytes.length, 0);
    return buffer.equals(Buffer.from(bytes));
  } finally {
    await file.close();
  }
}
