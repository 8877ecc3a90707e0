import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BerthError } from '../../src/core/errors.ts';
import { sha256OfFile } from '../../src/engine/sha256-of-file.ts';
import { trustNote } from '../../src/update/baked-trust.ts';
import { type ImageOptions, prepareTools } from './build.ts';
import { type CachedOs, cachedOs } from './cached-build.ts';
import { type ImageFormat, writeFormat } from './formats.ts';
import { ukiName } from './layout.ts';
import { nodeSpecification } from './node-runtime.ts';
import { npmPackages, spdxDocument } from './sbom.ts';
import { signOs } from './secure-boot.ts';
import { type CertificateFacts, factsOf, type SigningKey } from './signing-key.ts';

/** A file that a build leaves for download. */
export interface ReleaseFile {
  readonly name: string;
  readonly kind: ImageFormat | 'sbom';
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** `manifest.json` of a release. */
export interface ImageManifest {
  readonly name: 'berth';
  readonly version: string;
  readonly architecture: string;
  /** ISO 8601: what counts as the build time. */
  readonly created: string;
  readonly kernel: { readonly flavour: string; readonly release: string };
  readonly node: string;
  /** How /usr is verified; see `docs/image.md`. */
  readonly verity: { readonly rootHash: string; readonly dataBlocks: number };
  readonly usr: { readonly sizeBytes: number; readonly sha256: string };
  readonly uki: { readonly name: string; readonly sizeBytes: number; readonly sha256: string };
  readonly disk: { readonly sizeBytes: number; readonly sha256: string };
  readonly commandLine: string;
  /** Whether Secure Boot with the certificate's firmware boots it. */
  readonly secureBoot:
    | { readonly kind: 'unsigned' }
    | { readonly kind: 'signed'; readonly certificate: CertificateFacts };
  readonly packages: number;
  readonly files: readonly ReleaseFile[];
}

/** Bytes of the compressed raw image: more than that is a bug, not a release. */
export const downloadBudgetBytes = 190_000_000;

/**
 * Builds a release and writes it into `directory` in the formats asked for, with manifest.json and an SPDX document; signed
 * when there is a key.
 * Throws CONFIG_INVALID when the download is over its budget, and what {@link cachedOs} and {@link signOs} throw.
 */
export async function writeRelease(
  options: ImageOptions,
  formats: readonly ImageFormat[],
  directory: string,
  key?: SigningKey,
): Promise<{ readonly manifest: ImageManifest; readonly cached: boolean }> {
  const { version, architecture, onProgress } = options;
  const built = await cachedOs(options);
  await mkdir(directory, { recursive: true });
  const work = await mkdtemp(join(options.cacheDirectory, '.release-'));
  try {
    const tools = await prepareTools(built.packages, work, options.cacheDirectory);
    if (key !== undefined) onProgress('signing');
    const os = key === undefined ? built : { ...built, ...(await signOs(built, options, key, work, tools)) };
    const files: ReleaseFile[] = [];
    const base = join(directory, `berth-${version}-${architecture}`);
    for (const format of formats) {
      onProgress(`writing ${format}${options.fast ? '' : ', as small as it gets: this takes minutes'}`);
      const { disk, epochSeconds } = os;
      const file = await writeFormat(format, { disk, base, epochSeconds, level: options.fast ? 1 : 19, tools });
      files.push({ name: basename(file), kind: format, ...(await describe(file)) });
    }
    const sbom = `${base}.spdx.json`;
    await writeFile(sbom, `${JSON.stringify(await sbomOf(options, os), null, 2)}\n`);
    files.push({ name: basename(sbom), kind: 'sbom', ...(await describe(sbom)) });
    const note = join(directory, trustNote);
    if (options.bakedTrust === undefined) await rm(note, { force: true });
    else await writeFile(note, options.bakedTrust.root);
    const manifest = await manifestOf(options, os, files, key);
    await writeFile(join(directory, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    if (!options.fast) checkBudget(files);
    return { manifest, cached: built.cached };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Throws CONFIG_INVALID when the compressed raw image is among the files and over its budget. Pure. */
export function checkBudget(files: readonly ReleaseFile[]): void {
  const download = files.find(({ kind }) => kind === 'raw');
  if (download === undefined || download.sizeBytes <= downloadBudgetBytes) return;
  throw new BerthError(
    'CONFIG_INVALID',
    `${download.name} has ${download.sizeBytes} bytes, its budget is ${downloadBudgetBytes}`,
  );
}

async function manifestOf(
  options: ImageOptions,
  os: CachedOs,
  files: readonly ReleaseFile[],
  key: SigningKey | undefined,
): Promise<ImageManifest> {
  const { version, architecture, kernel, nodeVersion } = options;
  const { rootHash, dataBlocks, file } = os.slot;
  return {
    name: 'berth',
    version,
    architecture,
    created: new Date(os.epochSeconds * 1000).toISOString(),
    kernel: { flavour: kernel, release: os.kernelRelease },
    node: nodeSpecification(architecture, nodeVersion),
    verity: { rootHash, dataBlocks },
    usr: await describe(file),
    uki: { name: ukiName(version), ...(await describe(os.uki)) },
    disk: await describe(os.disk),
    commandLine: os.commandLine,
    secureBoot: key === undefined ? { kind: 'unsigned' } : { kind: 'signed', certificate: factsOf(key.certificate) },
    packages: imagePackages(os).length,
    files,
  };
}

async function sbomOf(options: ImageOptions, os: CachedOs): Promise<Record<string, unknown>> {
  const { version, architecture, nodeVersion, projectDirectory } = options;
  const npmLock: unknown = JSON.parse(await readFile(join(projectDirectory, 'package-lock.json'), 'utf8'));
  const [node = '', number = ''] = nodeSpecification(architecture, nodeVersion).split('@');
  return spdxDocument({
    version,
    architecture,
    epochSeconds: os.epochSeconds,
    rootHash: os.slot.rootHash,
    debian: imagePackages(os),
    npm: [{ name: node, version: number, licence: 'MIT' }, ...npmPackages(npmLock)],
  });
}

/** Without the build's tools. */
function imagePackages(os: CachedOs) {
  return [...os.packages].filter(([name]) => !name.startsWith('tools/')).flatMap(([, files]) => files);
}

async function describe(file: string): Promise<{ sizeBytes: number; sha256: string }> {
  return { sizeBytes: (await stat(file)).size, sha256: await sha256OfFile(file) };
}
