import { z } from 'zod';
import { isVersion } from '../core/release-version.ts';
import { parseSigned } from './signed-json.ts';
import { refuse } from './tuf/refusal.ts';

/** The newest form of `release.json` that this program reads. */
export const manifestFormat = 1;
const verityBlockBytes = 4096;
const mostSigners = 16;

const digest = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hexadecimal digits');
const byteCount = z.int().positive();
/** Never a path: it becomes a part of file names on servers and hosts. */
const fileName = z.string().regex(/^\w[\w.+~^-]{0,127}$/, 'a file name');
const version = z.string().refine(isVersion, 'a version: it begins with a digit');

const file = { name: fileName, sha256: digest, bytes: byteCount };

const artifact = z.discriminatedUnion('kind', [
  /** The data of the slot, as independent zstd frames; the hash tree is made by the host. */
  z.object({ kind: z.literal('full'), ...file }),
  /** What each block of the slot is, so that a host fetches those only which it lacks. */
  z.object({ kind: z.literal('index'), ...file }),
  /** What makes the slot out of that of another release. */
  z.object({ kind: z.literal('delta'), ...file, fromRootHash: digest }),
  /** What makes the kernel image out of another release's. */
  z.object({ kind: z.literal('kernel-delta'), ...file, fromSha256: digest }),
]);

/** Ways to a release that came later are for programs that came later: the others do without. */
const artifacts = z
  .array(z.looseObject({ kind: z.string() }))
  .transform((all) => all.filter(({ kind }) => artifact.options.some(({ shape }) => shape.kind.value === kind)))
  .pipe(z.array(artifact));

/** `release.json`: what a release consists of, as it is signed. */
export const releaseManifestSchema = z
  .object({
    format: z.literal(manifestFormat),
    product: z.literal('berth'),
    version,
    /** Rises from release to release; a host never goes to a lower one by itself. */
    sequence: z.int().positive(),
    architecture: z.enum(['amd64', 'arm64']),
    kernel: fileName,
    created: z.iso.datetime(),
    /** Older hosts take another release first. */
    minimumVersion: version.optional(),
    /** The state it reads, and the state it leaves behind. */
    stateSchema: z.object({ from: z.int().nonnegative(), to: z.int().nonnegative() }),
    /** The content of the slot: erofs, then its dm-verity tree (`image/os/slot.ts`). */
    usr: z.object({ sha256: digest, bytes: byteCount, dataBlocks: z.int().positive(), rootHash: digest }),
    uki: z.object({
      ...file,
      /** Certificates that its signatures bring, DER in base64; none: nobody signed it. Absent: not said. */
      signers: z.array(z.base64()).max(mostSigners).optional(),
    }),
    artifacts,
    /** Image ids of the system containers, by name. */
    systemContainers: z.record(fileName, z.string().regex(/^sha256:[0-9a-f]{64}$/)).optional(),
    /** Which of the health gate's profiles blesses it. */
    healthProfile: fileName.optional(),
  })
  .refine(
    ({ artifacts }) =>
      (['full', 'index'] as const).every((one) => artifacts.filter(({ kind }) => kind === one).length === 1),
    'one artifact is the full slot, one is its index',
  )
  .refine(
    ({ usr }) => usr.bytes > usr.dataBlocks * verityBlockBytes && usr.bytes % verityBlockBytes === 0,
    'the slot is its data blocks and a hash tree',
  )
  .refine(({ stateSchema: { from, to } }) => from <= to, 'the state schema does not go back');

export type ReleaseManifest = z.infer<typeof releaseManifestSchema>;
export type ReleaseArtifact = ReleaseManifest['artifacts'][number];
/** A file that a release consists of. */
export type ReleaseFile = Pick<ReleaseArtifact, 'name' | 'sha256' | 'bytes'>;

/**
 * Reads `release.json`. Keys that this program does not know are left out. Pure. Throws RELEASE_REFUSED with every problem,
 * UNSUPPORTED when it is of a newer format.
 */
export function parseReleaseManifest(content: Uint8Array): ReleaseManifest {
  return parseSigned(content, 'release.json', releaseManifestSchema, manifestFormat);
}

/** The artifact of a kind that every release has one of. Pure. Throws RELEASE_REFUSED when this one has none. */
export function artifactOf({ artifacts }: Pick<ReleaseManifest, 'artifacts'>, kind: 'full' | 'index'): ReleaseArtifact {
  const artifact = artifacts.find((one) => one.kind === kind);
  if (artifact === undefined) throw refuse('malformed', 'release.json', `it names no artifact of the kind ${kind}`);
  return artifact;
}

/** The name of a release's file in `targets/blobs`. Pure. */
export function blobName({ name, sha256 }: Pick<ReleaseFile, 'name' | 'sha256'>): string {
  return `${sha256}.${name}`;
}
