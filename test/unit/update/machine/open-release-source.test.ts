import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openReleaseSource } from '../../../../src/update/machine/open-release-source.ts';
import type { ReleaseSource } from '../../../../src/update/machine/release-source.ts';
import { createRepository } from '../../../../src/update/repository/create.ts';
import { signal, Workshop } from '../repository/workshop.ts';
import { stoppedClock } from '../transfer/support/slots.ts';

let workshop: Workshop;

beforeEach(async () => {
  workshop = await Workshop.open();
  const thresholds = { root: 2, channel: 1 };
  await createRepository(workshop.repository, await workshop.keys(), thresholds, await workshop.signing());
});

afterEach(async () => workshop.close());

async function sourceAt(location: string): Promise<ReleaseSource> {
  return openReleaseSource({
    ...{ location, channel: 'edge', builtMs: 0, proxy: {}, random: () => 0 },
    root: await readFile(join(workshop.repository, 'metadata', '1.root.json')),
    storeDirectory: join(workshop.directory, 'host'),
    clock: { ...stoppedClock, now: () => workshop.now },
  });
}

async function lookAt(location: string): Promise<unknown> {
  const source = await sourceAt(location);
  try {
    return await source.look(signal);
  } finally {
    source.close();
  }
}

test('a directory with a repository has its feed', async () => {
  expect(await lookAt(workshop.repository)).toMatchObject({ feed: { channel: 'edge', releases: [] } });
});

test('a path that leads nowhere is told as that, and may be there later', async () => {
  const location = join(workshop.directory, 'b.tar');
  await expect(lookAt(location)).rejects.toMatchObject({
    ...{ code: 'RELEASE_UNREACHABLE', retryable: true, message: `${location} is not there` },
    hint: expect.stringContaining('one of the host itself'),
  });
});

test('a directory without a repository is refused', async () => {
  const location = join(workshop.directory, 'empty');
  await mkdir(location);
  await expect(lookAt(location)).rejects.toMatchObject({
    ...{ code: 'RELEASE_REFUSED', message: expect.stringContaining('has no timestamp.json') },
  });
});
