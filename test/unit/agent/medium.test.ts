import { expect, test } from '@jest/globals';
import { byNewestName, Medium, mountedDevice } from '../../../src/agent/medium.ts';
import { MediumImages } from '../../../src/agent/medium-images.ts';

const mounts = `/dev/vda4 /var xfs rw 0 0
/dev/sdb1 /run/berth/media vfat ro,nosuid 0 0
/dev/sdc1 /run/berth/media-2 vfat ro 0 0
`;

test.each([
  ['/run/berth/media', '/dev/sdb1'],
  ['/run/berth/seed', undefined],
])('%s is the mount of %s', (directory, device) => {
  expect(mountedDevice(mounts, directory)).toBe(device);
});

test('numbers in names count by their value', () => {
  expect(byNewestName(['berth-1.9.tar', 'a.tar', 'berth-1.10.tar'])).toEqual([
    'berth-1.10.tar',
    'berth-1.9.tar',
    'a.tar',
  ]);
});

test.each([
  '/run/berth/media',
  '/run/berth/media/',
  '/run/berth/media/b.tar',
])('%s is told to lack its disk while none is plugged in', async (location) => {
  const medium = new Medium(async () => Promise.resolve(''));
  await expect(medium.resolve(location, new AbortController().signal)).rejects.toMatchObject({
    code: 'RELEASE_UNREACHABLE',
    retryable: true,
    message: `${location}: no disk with the label BERTH is plugged in`,
  });
});

test('other places need no disk', async () => {
  const medium = new Medium(async () => Promise.reject(new Error('nothing is to be run')));
  expect(await medium.resolve('/run/berth/media-2', new AbortController().signal)).toBe('/run/berth/media-2');
});

function host(bring: (bundle: string) => Promise<readonly string[]>, bundles = ['/m/2.tar', '/m/1.tar']) {
  const said: string[] = [];
  const asked: string[] = [];
  const time = { now: 0 };
  const images = new MediumImages({
    medium: { bundles: async () => Promise.resolve(bundles) },
    bring: async (bundle) => {
      asked.push(bundle);
      return bring(bundle);
    },
    say: (line) => said.push(line),
    clock: { now: () => time.now },
    signal: new AbortController().signal,
  });
  return { images, said, asked, time };
}

test('the newest bundle that has images gives them, and services that ask at once ask once', async () => {
  const { images, said, asked } = host(async (bundle) =>
    Promise.resolve(bundle === '/m/1.tar' ? ['web:1', 'db:2'] : []),
  );
  expect(await Promise.all([images.look(), images.look()])).toEqual([[], []]);
  expect(asked).toEqual(['/m/2.tar', '/m/1.tar']);
  expect(said).toEqual(['images: web:1, db:2 from /m/1.tar']);
});

test('what is wrong with a bundle is told, and asked anew after a while', async () => {
  const { images, asked, said, time } = host(async () => Promise.reject(new Error('expired')), ['/m/1.tar']);
  expect(await images.look()).toEqual(['/m/1.tar: expired']);
  expect(await images.look()).toEqual(['/m/1.tar: expired']);
  time.now = 16_000;
  await images.look();
  expect(asked).toEqual(['/m/1.tar', '/m/1.tar']);
  expect(said).toEqual(['images: /m/1.tar: expired']);
});
