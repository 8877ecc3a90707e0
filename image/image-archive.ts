import { createHash } from 'node:crypto';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256OfFile } from '../src/engine/sha256-of-file.ts';
import { runCommand } from './command.ts';

/** What the image's containers run when nothing else is said. Field names: OCI image specification, `config`. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly User?: string;
  readonly Env: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
}

export interface ImageArchive {
  /** `sha256:…` of the image's config: what an engine calls the image's id. */
  readonly imageId: string;
  /** Bytes of the only layer, unpacked. */
  readonly sizeBytes: number;
}

/** Debian's names of architectures are Go's for those we build on. */
export async function machineArchitecture(): Promise<string> {
  return (await runCommand('dpkg', ['--print-architecture'])).stdout.trim();
}

/**
 * Writes `root` as an image with one layer into `archive`, in the form `docker load` takes (Docker Image Specification
 * v1.2: manifest.json, config, layer.tar). The same tree and date give the same bytes: entries are sorted, every time
 * stamp is `epochSeconds`, owners are numbers.
 * @param work an empty directory for intermediate files.
 */
export async function writeImageArchive(options: {
  readonly root: string;
  readonly reference: string;
  readonly config: ImageConfig;
  readonly architecture: string;
  readonly epochSeconds: number;
  readonly work: string;
  readonly archive: string;
}): Promise<ImageArchive> {
  const { root, reference, config, architecture, epochSeconds, work, archive } = options;
  await mkdir(work, { recursive: true });
  const deterministic = ['--sort=name', '--format=gnu', '--numeric-owner', `--mtime=@${epochSeconds}`];
  const layer = join(work, 'layer.tar');
  // 1: to tar a file has changed, too, when another tree gets or loses a link to it meanwhile. Its content does not change.
  await runCommand('tar', [...deterministic, '-C', root, '-cf', layer, '.'], { accept: [0, 1] });
  const created = new Date(epochSeconds * 1000).toISOString();
  const imageConfig = JSON.stringify({
    architecture,
    config,
    created,
    history: [{ created, created_by: 'berth' }],
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [`sha256:${await sha256OfFile(layer)}`] },
  });
  const id = createHash('sha256').update(imageConfig).digest('hex');
  await writeFile(join(work, `${id}.json`), imageConfig);
  await writeFile(
    join(work, 'manifest.json'),
    JSON.stringify([{ Config: `${id}.json`, RepoTags: [reference], Layers: ['layer.tar'] }]),
  );
  const members = ['manifest.json', `${id}.json`, 'layer.tar'];
  await runCommand('tar', [
    ...deterministic,
    '--owner=0',
    '--group=0',
    '--mode=0644',
    '-C',
    work,
    '-cf',
    archive,
    ...members,
  ]);
  return { imageId: `sha256:${id}`, sizeBytes: (await stat(layer)).size };
}
