import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ImageArchives } from '../../../src/agent/image-archives.ts';
import { emptyHostConfig } from '../../../src/config/host-config.ts';
import { runCommand } from '../../../src/engine/run-command.ts';
import { saveImage } from '../../../src/engine/save-image.ts';
import type { CarriedImage } from '../../../src/update/bundle/image-list.ts';
import { ImageStore } from '../../../src/update/bundle/image-store.ts';
import { openReleaseSource } from '../../../src/update/machine/open-release-source.ts';
import type { ReleaseSource } from '../../../src/update/machine/release-source.ts';
import { publishRelease } from '../../../src/update/repository/channel-changes.ts';
import { createRepository } from '../../../src/update/repository/create.ts';
import { complete } from '../../../src/update/repository/publishing.ts';
import { Repository } from '../../../src/update/repository/repository.ts';
import { type WrittenBundle, writeBundle } from '../../../src/update/repository/write-bundle.ts';
import type { ArtifactSource } from '../../../src/update/transfer/source.ts';
import { noon, signal, toAll, Workshop } from '../../unit/update/repository/workshop.ts';
import { stoppedClock } from '../../unit/update/transfer/support/slots.ts';
import { engineVersions, sharedEngine } from '../support/shared-engines.ts';
import { tarArchive } from '../support/tar.ts';
import { archiveOf, type BuiltImage, buildImage, imageArchive, sha256 } from '../support/test-image.ts';

let workshop: Workshop;
let image: BuiltImage;
let file: string;
const open: ReleaseSource[] = [];

beforeEach(async () => {
  workshop = await Workshop.open();
  file = join(workshop.directory, 'bundle.tar');
  image = await buildImage();
  const keys = await workshop.keys();
  const signing = await workshop.signing();
  await createRepository(workshop.repository, keys, { root: 2, channel: 1 }, signing);
  await publishRelease(workshop.repository, await workshop.release('1.0.0', 1), 'edge', toAll, signing);
});

afterEach(async () => {
  for (const source of open.splice(0)) source.close();
  await workshop.close();
});

async function archive(name: string): Promise<string> {
  const path = join(workshop.directory, `${name.replaceAll(/\W/g, '-')}.tar`);
  await writeFile(path, imageArchive(image, name));
  return path;
}

async function bundle(archives: readonly string[], ...keys: readonly string[]): Promise<WrittenBundle> {
  const signing = await workshop.signing(...keys);
  const release = { repository: workshop.repository, version: '1.0.0', channel: 'edge' };
  return writeBundle({ ...release, file, nowMs: noon, signal, images: { archives, signing } });
}

/** A host that trusts the repository's first root, before a place with a repository. */
async function host(location = file, now = noon): Promise<ReleaseSource> {
  const source = openReleaseSource({
    ...{ location, channel: 'edge', builtMs: 0, proxy: {}, random: () => 0 },
    root: await readFile(join(workshop.repository, 'metadata', '1.root.json')),
    storeDirectory: join(workshop.directory, 'host'),
    clock: { ...stoppedClock, now: () => now },
  });
  open.push(source);
  await source.look(signal);
  return source;
}

function store(): ImageStore {
  return new ImageStore(join(workshop.directory, 'store'));
}

test('service images travel in a bundle, and services find them by their names', async () => {
  const written = await bundle([await archive('shop/web:1'), await archive('db:2')], 'edge');
  expect(written.images).toEqual(['shop/web:1', 'db:2']);
  expect(written.bytes).toBe((await stat(file)).size);
  expect((await readdir(workshop.directory)).filter((name) => name.includes('.tar.'))).toEqual([]);
  const source = await host();
  const images = store();
  expect(await images.take(await source.images(signal), source.artifacts, signal)).toEqual(['shop/web:1', 'db:2']);
  const found = await new ImageArchives([images.index], () => emptyHostConfig).archiveOf('docker.io/shop/web:1');
  expect(found.kind).toBe('found');
  expect(await readdir(join(workshop.directory, 'store'))).toHaveLength(3);
});

test('the images of the next bundle take their place, and what both have is not read again', async () => {
  await bundle([await archive('web:1'), await archive('db:2')], 'edge');
  const first = await host();
  const images = store();
  await images.take(await first.images(signal), first.artifacts, signal);
  await bundle([await archive('web:1')], 'edge');
  const second = await host();
  const nothing: ArtifactSource = {
    read: () => {
      throw new Error('it reads');
    },
  };
  expect(await images.take(await second.images(signal), nothing, signal)).toEqual(['web:1']);
  expect(await readdir(join(workshop.directory, 'store'))).toHaveLength(2);
});

test('the same images give the same bytes, and a bundle without any has no list', async () => {
  const archives = [await archive('web:1')];
  await bundle(archives, 'edge');
  const before = await readFile(file);
  await bundle(archives, 'edge');
  expect((await readFile(file)).equals(before)).toBe(true);
  await bundle([]);
  expect(await (await host()).images(signal)).toEqual([]);
});

describe.each(engineVersions)('engine %s', (version) => {
  const name = 'berth-test/carried:1';
  const { engine, socket } = sharedEngine(version);
  afterEach(async () => engine.removeImage(name));

  test('loads an image that came as an OCI image layout, packed or not', async () => {
    for (const pack of [(bytes: Buffer) => bytes, gzipSync]) {
      const path = join(workshop.directory, 'oci.tar');
      await writeFile(path, pack(ociArchive(image, name)));
      await bundle([path], 'edge');
      const source = await host();
      const images = store();
      expect(await images.take(await source.images(signal), source.artifacts, signal)).toEqual([name]);
      const found = await new ImageArchives([images.index], () => emptyHostConfig).archiveOf(name);
      if (found.kind === 'none') throw new Error(found.problems.join());
      expect(await engine.loadImage({ reference: name, open: found.open })).toEqual([name]);
      expect((await engine.inspectImage(name))?.id).toBe(sha256(image.config));
      await engine.removeImage(name);
    }
  });

  test('gives an image of its own to a bundle', async () => {
    await engine.loadImage(archiveOf(image, name));
    const path = join(workshop.directory, 'saved.tar');
    await saveImage(socket, name, path, signal);
    expect((await bundle([path], 'edge')).images).toEqual([name]);
    await expect(saveImage(socket, 'berth-test/none:1', path, signal)).rejects.toThrow();
  });
});

/** As `skopeo copy` writes it to `oci-archive:`. OCI Image Layout Specification 1.1. */
function ociArchive({ config, compressedLayer }: BuiltImage, reference: string): Buffer {
  const blobs = new Map<string, Buffer>();
  const put = (content: Buffer): { digest: string; size: number } => {
    const digest = sha256(content);
    blobs.set(`blobs/${digest.replace(':', '/')}`, content);
    return { digest, size: content.length };
  };
  const media = 'application/vnd.oci.image';
  const manifest = {
    ...{ schemaVersion: 2, mediaType: `${media}.manifest.v1+json` },
    config: { mediaType: `${media}.config.v1+json`, ...put(config) },
    layers: [{ mediaType: `${media}.layer.v1.tar+gzip`, ...put(compressedLayer) }],
  };
  const annotations = { 'org.opencontainers.image.ref.name': reference };
  const described = { mediaType: manifest.mediaType, annotations, ...put(Buffer.from(JSON.stringify(manifest))) };
  const files = new Map([
    ['oci-layout', Buffer.from('{"imageLayoutVersion": "1.0.0"}')],
    ['index.json', Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [described] }))],
    ...blobs,
  ]);
  return tarArchive([...files].map(([path, content]) => ({ kind: 'file', path, mode: 0o644, content })));
}

describe('there is no bundle', () => {
  test.each([
    ['without the signature of the channel', ['online']],
    ['with that of another channel only', ['stable-1', 'stable-2']],
  ])('%s', async (_, keys) => {
    await expect(bundle([await archive('web:1')], ...keys)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('with what is no archive of images, or two of the same name', async () => {
    await writeFile(join(workshop.directory, 'none.tar'), 'nothing');
    await expect(bundle([join(workshop.directory, 'none.tar')], 'edge')).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
    });
    const path = await archive('web:1');
    await writeFile(`${path}.2`, await readFile(path));
    await expect(bundle([path, `${path}.2`], 'edge')).rejects.toMatchObject({ code: 'USAGE' });
    expect((await readdir(workshop.directory)).filter((name) => /parts|new/.test(name))).toEqual([]);
  });
});

describe('a hostile bundle', () => {
  test('with another image in the place of one is refused, and leaves nothing', async () => {
    const path = await archive('web:1');
    await bundle([path], 'edge');
    const [content, part] = [await readFile(file), (await readFile(path)).subarray(0, 4096)];
    const at = content.lastIndexOf(part);
    content[at + 1000] = (content[at + 1000] ?? 0) ^ 1;
    await writeFile(file, content);
    const source = await host();
    await expect(store().take(await source.images(signal), source.artifacts, signal)).rejects.toMatchObject({
      details: { refusal: 'mix-and-match' },
    });
    expect(await readdir(join(workshop.directory, 'store'))).toEqual([]);
  });

  test('with the list of an earlier state of the repository is refused', async () => {
    await bundle([await archive('web:1')], 'edge');
    const list = await runCommand('tar', ['-xOf', file, 'metadata/images.json']);
    await complete(await Repository.open(workshop.repository), await workshop.signing(), ['timestamp']);
    await writeFile(join(workshop.repository, 'metadata', 'images.json'), list);
    const source = await host(workshop.repository);
    await expect(source.images(signal)).rejects.toMatchObject({ details: { refusal: 'mix-and-match' } });
  });

  test('whose archive gives more than it says, or less, is refused before the disk is full', async () => {
    const images: CarriedImage[] = [
      {
        references: ['web:1'],
        archive: { path: 'images/web.tar', bytes: 10, hashes: { sha256: '0'.repeat(64) }, place: [] },
      },
    ];
    let given = 0;
    const endless: ArtifactSource = {
      async *read() {
        for (;;) {
          given += 1;
          yield new Uint8Array(8);
          await Promise.resolve();
        }
      },
    };
    await expect(store().take(images, endless, signal)).rejects.toMatchObject({ details: { refusal: 'oversized' } });
    expect(given).toBe(2);
    const short: ArtifactSource = {
      async *read() {
        yield Promise.resolve(new Uint8Array(8));
      },
    };
    await expect(store().take(images, short, signal)).rejects.toMatchObject({ details: { refusal: 'mix-and-match' } });
    expect(await readdir(join(workshop.directory, 'store'))).toEqual([]);
  });

  test('whose images have no room is refused before the first byte', async () => {
    const archiveOfAll = { path: 'images/web.tar', bytes: 2 ** 52, hashes: { sha256: '0'.repeat(64) }, place: [] };
    const never: ArtifactSource = {
      read: () => {
        throw new Error('it reads');
      },
    };
    await expect(store().take([{ references: ['web:1'], archive: archiveOfAll }], never, signal)).rejects.toMatchObject(
      { code: 'DISK_FULL' },
    );
  });
});
