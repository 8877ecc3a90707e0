import { expect, test } from '@jest/globals';
import { missingMount } from '../../../src/host/mounts/missing-mount.ts';

const mounted = (...targets: string[]) =>
  targets.map((target) => ({ source: 'x', target, type: 'nfs4', options: ['rw'] }));

test.each<[string, string[], string[], string | undefined]>([
  ['a path that no mount is declared for', [], ['/'], undefined],
  ['a mount that is there', ['/mnt/shared'], ['/', '/mnt/shared'], undefined],
  ['a mount that failed', ['/mnt/shared'], ['/'], '/mnt/shared'],
  ['one that only begins alike', ['/mnt/sha'], ['/'], undefined],
  ['one below the other, of which the inner one failed', ['/mnt', '/mnt/shared'], ['/', '/mnt'], '/mnt/shared'],
  ['the file itself', ['/mnt/shared/restart.lock'], ['/'], '/mnt/shared/restart.lock'],
])('%s', (_, declared, present, missing) => {
  expect(
    missingMount(
      '/mnt/shared/restart.lock',
      declared.map((target) => ({ target })),
      mounted(...present),
    ),
  ).toBe(missing);
});
