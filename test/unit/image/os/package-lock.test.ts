import { describe, expect, test } from '@jest/globals';
import { lockChanges, lockedSet, type PackageLock, requestDigest } from '../../../../image/os/package-lock.ts';

const request = { packages: ['bash', 'kmod'], without: ['perl'] };

function lockWith(versions: Readonly<Record<string, string>>): PackageLock {
  const packages = Object.entries(versions).map(([name, version]) => ({
    name,
    version,
    fileName: `${name}_${version}_amd64.deb`,
    pool: `pool/main/${name}.deb`,
    sizeBytes: 1,
    sha256: name,
  }));
  return { node: {}, sets: { 'amd64/root': { request: requestDigest(request), packages } } };
}

describe('lockedSet', () => {
  const lock = lockWith({ bash: '5.2' });

  test('gives what was locked for the same request, in whatever order', () => {
    const same = { packages: ['kmod', 'bash'], without: ['perl'] };
    expect(lockedSet(lock, 'amd64/root', same)?.map(({ name }) => name)).toEqual(['bash']);
  });

  test.each([
    ['another name', 'arm64/root', request],
    ['one package more', 'amd64/root', { ...request, packages: ['bash', 'kmod', 'nano'] }],
    ['one package not left out', 'amd64/root', { ...request, without: [] }],
  ])('gives nothing for %s', (_, name, other) => {
    expect(lockedSet(lock, name, other)).toBeUndefined();
  });
});

test('lockChanges lists what moved, came and went', () => {
  const before = lockWith({ bash: '5.2', kmod: '34', mdadm: '4' });
  const after = lockWith({ bash: '5.3', kmod: '34', xfsprogs: '6' });
  expect(lockChanges(before, after)).toEqual([
    { name: 'bash', from: '5.2', to: '5.3' },
    { name: 'mdadm', from: '4' },
    { name: 'xfsprogs', to: '6' },
  ]);
});
