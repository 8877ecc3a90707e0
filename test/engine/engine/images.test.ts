import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DockerEngine } from '../../../src/engine/docker.ts';
import { TestRegistry } from '../support/registry.ts';
import { engineVersions, sharedEngine } from '../support/shared-engines.ts';
import { archiveOf, buildImage, imageArchive, sha256 } from '../support/test-image.ts';

describe.each(engineVersions)('images on Docker %s', (version) => {
  let engine: DockerEngine;
  let registry: TestRegistry;

  beforeEach(async () => {
    ({ engine } = sharedEngine(version));
    registry = await TestRegistry.start();
  });

  afterEach(async () => {
    await registry.stop();
    for (const { references } of await engine.listImages()) {
      for (const reference of references.filter((name) => name.includes('/pulled')))
        await engine.removeImage(reference);
    }
  });

  test('a pull brings the image, with progress from 0 to 1 that never goes back', async () => {
    const image = await buildImage({ made: `for ${registry.address}` });
    const { reference, digest } = registry.push('pulled', '1', image);
    const fractions: number[] = [];
    await engine.pullImage(reference, { onProgress: (fraction) => fractions.push(fraction) });
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions[0]).toBeLessThan(1);
    expect(fractions.at(-1)).toBe(1);
    expect(await engine.inspectImage(reference)).toMatchObject({
      id: sha256(image.config),
      references: [reference],
      digests: [`${registry.address}/pulled@${digest}`],
      createdAt: Date.parse('2020-01-01T00:00:00Z'),
    });
  });

  test('a pull without a tag takes "latest" and no other', async () => {
    const latest = registry.push('pulled', 'latest', await buildImage({ n: '1' }));
    registry.push('pulled', 'other', await buildImage({ n: '2' }));
    await engine.pullImage(latest.reference.replace(':latest', ''), {});
    expect(await engine.inspectImage(latest.reference)).toBeDefined();
    expect(await engine.inspectImage(latest.reference.replace('latest', 'other'))).toBeUndefined();
  });

  test('a pull by digest', async () => {
    const { digest } = registry.push('pulled', '1', await buildImage());
    const reference = `${registry.address}/pulled@${digest}`;
    await engine.pullImage(reference, {});
    const found = await engine.inspectImage(reference);
    expect(found?.digests).toContain(reference);
    await engine.removeImage(reference);
  });

  // Of every length modulo three, and with what base64 has two alphabets for.
  test.each([
    'secret',
    'secret1',
    'secret12',
    '>>>???~~~',
  ])('a registry that asks for a login gets it: %s', async (password) => {
    registry.login = { username: 'ops', password };
    const { reference } = registry.push('pulled', '1', await buildImage());
    await expect(engine.pullImage(reference, {})).rejects.toMatchObject({ code: expect.stringMatching(/^IMAGE_/) });
    await engine.pullImage(reference, { auth: { ...registry.login, registry: registry.address } });
    expect(await engine.inspectImage(reference)).toBeDefined();
    await engine.removeImage(reference);
  });

  test.each([
    { mode: 'missing', code: 'IMAGE_NOT_FOUND', retryable: false },
    { mode: 'fail', code: 'IMAGE_PULL_FAILED', retryable: true },
  ] as const)('a registry that answers "$mode" is $code, and the pull works when the cause is gone', async ({
    mode,
    code,
    retryable,
  }) => {
    const { reference } = registry.push('pulled', '1', await buildImage());
    registry.mode = mode;
    await expect(engine.pullImage(reference, {})).rejects.toMatchObject({ code, retryable });
    registry.mode = 'serve';
    await engine.pullImage(reference, {});
  });

  test('a registry that is not there is IMAGE_PULL_FAILED, and retryable', async () => {
    const { reference } = registry.push('pulled', '1', await buildImage());
    await registry.stop();
    await expect(engine.pullImage(reference, {})).rejects.toMatchObject({ code: 'IMAGE_PULL_FAILED', retryable: true });
  });

  test('a pull that hangs ends when its signal aborts', async () => {
    const { reference } = registry.push('pulled', '1', await buildImage());
    registry.mode = 'hang';
    const stop = new AbortController();
    const pulling = engine.pullImage(reference, {}, stop.signal);
    await sleep(200);
    stop.abort();
    await expect(pulling).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  test('loading an archive tells what it held', async () => {
    const archive = archiveOf(await buildImage({ loaded: version }), 'berth-test/pulled-loaded:7');
    expect(await engine.loadImage(archive)).toEqual(['berth-test/pulled-loaded:7']);
    expect(await engine.inspectImage('berth-test/pulled-loaded:7')).toBeDefined();
  });

  test('loading what is no archive is refused', async () => {
    await expect(
      engine.loadImage({ reference: 'berth-test/any', open: () => Readable.from([Buffer.from('no tar')]) }),
    ).rejects.toMatchObject({
      code: 'ENGINE_REFUSED',
    });
  });

  test('an archive that breaks off while it is read does not hang', async () => {
    const archive = imageArchive(await buildImage({ broken: version }), 'berth-test/pulled-broken:1');
    async function* broken() {
      yield archive.subarray(0, 100_000);
      throw new Error('the disk is unreadable');
    }
    await expect(
      engine.loadImage({ reference: 'berth-test/any', open: () => Readable.from(broken()) }),
    ).rejects.toMatchObject({ name: 'BerthError' });
  });

  test('of two references to one image, removing one leaves the other', async () => {
    const image = await buildImage({ shared: version });
    for (const name of ['berth-test/pulled-a:1', 'berth-test/pulled-b:1'])
      await engine.loadImage(archiveOf(image, name));
    await engine.removeImage('berth-test/pulled-a:1');
    expect((await engine.inspectImage('berth-test/pulled-b:1'))?.references).toEqual(['berth-test/pulled-b:1']);
  });
});
