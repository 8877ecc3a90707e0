import { describe, expect, test } from '@jest/globals';
import { npmPackages, spdxDocument } from '../../../../image/os/sbom.ts';

test('npmPackages leaves out what is for development', () => {
  const lock = {
    packages: {
      '': { version: '0.1.0' },
      'node_modules/yaml': { version: '2.0.0', license: 'ISC', integrity: 'sha512-AAAA' },
      'node_modules/a/node_modules/@x/b': { version: '1.0.0' },
      'node_modules/jest': { version: '30.0.0', dev: true },
    },
  };
  expect(npmPackages(lock)).toEqual([
    { name: '@x/b', version: '1.0.0' },
    { name: 'yaml', version: '2.0.0', licence: 'ISC', integrity: 'sha512-AAAA' },
  ]);
});

describe('spdxDocument', () => {
  const file = {
    name: 'libstdc++6',
    version: '1:14.2-1',
    fileName: 'libstdc++6_1%3a14.2-1_amd64.deb',
    pool: 'pool/x.deb',
    sizeBytes: 1,
    sha256: 'ab'.repeat(32),
  };
  const document = spdxDocument({
    version: '1.0.0',
    architecture: 'amd64',
    epochSeconds: 0,
    rootHash: 'cd'.repeat(32),
    debian: [file, file],
    npm: [{ name: '@x/b', version: '1.0.0', licence: 'MIT', integrity: 'sha512-AAAA' }],
  });
  const packages = document['packages'] as readonly Record<string, unknown>[];

  test('names each package once, with where it comes from', () => {
    expect(packages.map(({ name }) => name)).toEqual(['berth', 'libstdc++6', '@x/b']);
    expect(JSON.stringify(packages[1])).toContain('pkg:deb/debian/libstdc++6@1%3A14.2-1?arch=amd64&distro=trixie');
    expect(JSON.stringify(packages[2])).toContain('pkg:npm/%40x/b@1.0.0');
  });

  test('has ids of letters, digits, dots and hyphens, and says that the image contains all', () => {
    for (const { SPDXID } of packages) expect(SPDXID).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
    expect(document['relationships']).toHaveLength(packages.length);
    expect(document['creationInfo']).toEqual({ created: '1970-01-01T00:00:00Z', creators: ['Tool: berth'] });
  });
});
