import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { listRecipes } from '../../../image/recipe.ts';
import { type BuiltImage, buildSystemContainers } from '../../../image/system-containers.ts';
import { type PrivateEngine, privateEngine } from '../support/private-engine.ts';
import { engineVersions } from '../support/shared-engines.ts';
import { loadSystemImage, recipesDirectory } from './support.ts';

describe('building images of system containers', () => {
  let cacheDirectory = '';
  beforeAll(async () => {
    cacheDirectory = await mkdtemp(join(tmpdir(), 'berth-images-'));
  });
  afterAll(async () => rm(cacheDirectory, { recursive: true }));

  const build = async (): Promise<{ image: BuiltImage; digest: string }> => {
    const [image] = await buildSystemContainers({ recipesDirectory, names: ['ntp'], cacheDirectory });
    if (image === undefined) throw new Error('nothing was built');
    return {
      image,
      digest: createHash('sha256')
        .update(await readFile(image.archive))
        .digest('hex'),
    };
  };

  test('the same recipe and packages give the same bytes, and are built once', async () => {
    const first = await build();
    const again = await build();
    await rm(join(cacheDirectory, 'images'), { recursive: true });
    const rebuilt = await build();
    expect([first.image.cached, again.image.cached, rebuilt.image.cached]).toEqual([false, true, false]);
    expect(rebuilt.image.imageId).toBe(first.image.imageId);
    expect(rebuilt.digest).toBe(first.digest);
  });

  test('an unknown name is refused', async () => {
    await expect(buildSystemContainers({ recipesDirectory, names: ['nothing'], cacheDirectory })).rejects.toMatchObject(
      {
        code: 'NOT_FOUND',
      },
    );
  });
});

describe.each(engineVersions)('images of system containers on Docker %s', (version) => {
  let rig: PrivateEngine;
  beforeAll(async () => {
    rig = await privateEngine({ version, role: 'system', name: `images${version.replace('.', '')}` });
  });
  afterAll(async () => rig.stop());

  test('each one loads under its name and has the id that the builder foretold', async () => {
    const names = await listRecipes(recipesDirectory);
    expect(names).toEqual(['busybox', 'console', 'docker', 'node-exporter', 'ntp', 'syslog']);
    for (const name of names) {
      const built = await loadSystemImage(rig, name);
      expect(await rig.engine.inspectImage(built.reference)).toMatchObject({ id: built.imageId });
    }
  });
});
