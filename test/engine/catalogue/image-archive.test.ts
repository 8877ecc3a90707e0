import { randomBytes } from 'node:crypto';
import { link, mkdir, mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { writeImageArchive } from '../../../image/image-archive.ts';

test('another tree may get and lose links to the same files meanwhile: the bytes are the same', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'berth-archive-'));
  try {
    const root = join(directory, 'root');
    await mkdir(root);
    const shared = join(root, 'shared');
    await writeFile(shared, randomBytes(64 * 2 ** 20));
    const archiveOf = async (name: string): Promise<string> => {
      const work = join(directory, name);
      const places = { work, archive: join(directory, `${name}.tar`) };
      const image = {
        reference: 'berth/test:1',
        config: { Env: [], Labels: {} },
        architecture: 'amd64',
        epochSeconds: 1,
      };
      return (await writeImageArchive({ root, ...image, ...places })).imageId;
    };
    const quiet = await archiveOf('quiet');
    let isOver = false;
    const linking = (async () => {
      const other = join(directory, 'other');
      while (!isOver) {
        await link(shared, other);
        await unlink(other);
      }
    })();
    const besides = await archiveOf('besides').finally(() => {
      isOver = true;
    });
    await linking;
    expect(besides).toBe(quiet);
  } finally {
    await rm(directory, { recursive: true });
  }
});
