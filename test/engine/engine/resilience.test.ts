import { afterEach, describe, expect, test } from '@jest/globals';
import { plainContainer } from '../../contract/plain-container.ts';
import { type PrivateEngine, privateEngine } from '../support/private-engine.ts';
import { engineVersions } from '../support/shared-engines.ts';
import { archiveOf, buildImage, testImage } from '../support/test-image.ts';

describe.each(engineVersions)('Docker %s in trouble', (version) => {
  let started: PrivateEngine;

  afterEach(async () => {
    started.engine.close();
    await started.stop();
  });

  test('a killed engine is ENGINE_UNREACHABLE, its containers live on, and it is used again when it is back', async () => {
    started = await privateEngine({ version, name: 'killed', role: 'system' });
    const { engine } = started;
    const id = await engine.createContainer('survivor', plainContainer(await testImage(engine)));
    await engine.startContainer(id);
    const pid = (await engine.inspectContainer(id))?.pid;
    let listening = () => {};
    const isListening = new Promise<void>((resolve) => (listening = resolve));
    const watching = engine.watch(() => undefined, new AbortController().signal, listening);
    const broken = expect(watching).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE', retryable: true });
    const following = engine.logs(id, { follow: true, timestamps: false }, () => undefined);
    const cut = expect(following).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE', retryable: true });
    await isListening;
    await started.kill9();
    await broken;
    await cut;
    await expect(engine.listContainers('x')).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE', retryable: true });
    await started.restart();
    expect(await engine.inspectContainer(id)).toMatchObject({ state: 'running', pid });
  });

  test('a full disk is DISK_FULL, and passes when there is space again', async () => {
    started = await privateEngine({ version, name: 'full', role: 'system', diskMegabytes: 8 });
    const { engine } = started;
    const big = { kind: 'file', path: 'www/big', mode: 0o644, content: Buffer.alloc(16 * 2 ** 20, 'x') } as const;
    const archive = archiveOf(await buildImage({}, [big]), 'berth-test/big:1');
    const load = () => engine.loadImage(archive);
    await expect(load()).rejects.toMatchObject({ code: 'DISK_FULL', retryable: true });
    await started.growDisk(100);
    expect(await load()).toEqual(['berth-test/big:1']);
  });
});
