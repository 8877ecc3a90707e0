import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { unpackPackages } from '../../../src/engine/binaries.ts';
import type { ContainerEngine, ImageArchiveFile } from '../../../src/engine/container-engine.ts';
import { runCommand } from '../../../src/engine/run-command.ts';
import { cachedDirectory } from './cache.ts';
import { type TarEntry, tarArchive } from './tar.ts';

/** An image in memory: what a registry serves and what an archive holds. */
export interface BuiltImage {
  readonly config: Buffer;
  readonly layer: Buffer;
  readonly compressedLayer: Buffer;
}

export const testImageName = 'berth-test/busybox:1';

/**
 * Loads a 2 MB image with a static busybox: sh, sleep, httpd, nc, true, false and the rest of its applets.
 * Its command is `sleep 1000000`; /www/index.html says "hello". Loading it again is quick. @returns its name.
 */
export async function testImage(engine: ContainerEngine, name: string = testImageName): Promise<string> {
  if ((await engine.inspectImage(name)) !== undefined) return name;
  await engine.loadImage(archiveOf(await buildImage(), name));
  return name;
}

/** Builds the image. Other `labels` make another image (another id) of the same content; `extra` adds to the content. */
export async function buildImage(
  labels: Readonly<Record<string, string>> = {},
  extra: readonly TarEntry[] = [],
): Promise<BuiltImage> {
  const layer = tarArchive([...(await rootEntries()), ...extra]);
  const config = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    created: '2020-01-01T00:00:00Z',
    config: { Cmd: ['sleep', '1000000'], Env: ['PATH=/bin'], Labels: labels },
    rootfs: { type: 'layers', diff_ids: [sha256(layer)] },
    history: [{ created: '2020-01-01T00:00:00Z', created_by: 'berth test' }],
  };
  return { config: Buffer.from(JSON.stringify(config)), layer, compressedLayer: gzipSync(layer) };
}

/** An image as an engine loads it. */
export function archiveOf(image: BuiltImage, reference: string): ImageArchiveFile {
  return { reference, open: () => Readable.from([imageArchive(image, reference)]) };
}

/** The `docker save` form of an image. */
export function imageArchive(image: BuiltImage, name: string): Buffer {
  const configName = `${sha256(image.config).slice('sha256:'.length)}.json`;
  const manifest = [{ Config: configName, RepoTags: [name], Layers: ['layer.tar'] }];
  const file = (path: string, content: Buffer): TarEntry => ({ kind: 'file', path, mode: 0o644, content });
  return tarArchive([
    file(configName, image.config),
    file('layer.tar', image.layer),
    file('manifest.json', Buffer.from(JSON.stringify(manifest))),
  ]);
}

/** `sha256:` and the hex digest. */
export function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Path of a static busybox, fetched into the cache without installing it. */
export async function staticBusybox(): Promise<string> {
  const directory = await cachedDirectory('busybox-static', 'busybox-static', (work) =>
    unpackPackages(['busybox-static'], work),
  );
  return join(directory, 'bin/busybox');
}

async function rootEntries(): Promise<TarEntry[]> {
  const busybox = await staticBusybox();
  const applets = (await runCommand(busybox, ['--list']))
    .trim()
    .split('\n')
    .filter((name) => name !== 'busybox');
  const text = (path: string, content: string): TarEntry => ({
    kind: 'file',
    path,
    mode: 0o644,
    content: Buffer.from(content),
  });
  return [
    ...['bin', 'etc', 'root', 'var', 'www'].map((path): TarEntry => ({ kind: 'directory', path, mode: 0o755 })),
    { kind: 'directory', path: 'tmp', mode: 0o1777 },
    { kind: 'file', path: 'bin/busybox', mode: 0o755, content: await readFile(busybox) },
    ...applets.map((name): TarEntry => ({ kind: 'link', path: `bin/${name}`, target: 'busybox' })),
    text('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n'),
    text('etc/group', 'root:x:0:\nnogroup:x:65534:\n'),
    text('www/index.html', 'hello\n'),
  ];
}
