import { expect, test } from '@jest/globals';
import { parseReleaseManifest } from '../../../src/update/release-manifest.ts';
import { releaseDocument } from './release-document.ts';

const parse = (document: unknown) => parseReleaseManifest(Buffer.from(JSON.stringify(document)));

test('reads what a release consists of, and leaves out what it does not know', () => {
  const document = releaseDocument('1.1.0', 2);
  expect(parse({ ...document, invented: true })).toEqual(document);
  const full = {
    ...document,
    minimumVersion: '1.0.0',
    systemContainers: { ntp: `sha256:${'c'.repeat(64)}` },
    healthProfile: 'strict',
    uki: { ...document.uki, signers: [Buffer.from('a certificate').toString('base64')] },
    artifacts: [
      ...document.artifacts,
      { kind: 'delta', name: 'a-b.delta', sha256: 'd'.repeat(64), bytes: 5, fromRootHash: 'e'.repeat(64) },
      { kind: 'kernel-delta', name: 'a-b.efi.delta', sha256: 'd'.repeat(64), bytes: 5, fromSha256: 'e'.repeat(64) },
    ],
  };
  expect(parse(full)).toEqual(full);
  expect(parse({ ...document, artifacts: [...document.artifacts, { kind: 'teleport', from: 'here' }] })).toEqual(
    document,
  );
});

test.each<[string, Record<string, unknown>, RegExp]>([
  ['another product', { product: 'boat' }, /product/],
  ['a path for a name', { uki: { name: '../berth.efi', sha256: 'a'.repeat(64), bytes: 1 } }, /uki\.name/],
  ['a hidden file', { uki: { name: '.efi', sha256: 'a'.repeat(64), bytes: 1 } }, /uki\.name/],
  ['a digest in capitals', { uki: { name: 'berth.efi', sha256: 'A'.repeat(64), bytes: 1 } }, /uki\.sha256/],
  [
    'a signer in another form',
    { uki: { name: 'berth.efi', sha256: 'a'.repeat(64), bytes: 1, signers: ['-----BEGIN'] } },
    /uki\.signers/,
  ],
  ['no version', { version: 'latest' }, /version/],
  ['sequence 0', { sequence: 0 }, /sequence/],
  ['half a sequence', { sequence: 1.5 }, /sequence/],
  ['an unknown processor', { architecture: 'riscv64' }, /architecture/],
  ['no full slot', { artifacts: releaseDocument('1.1.0', 2).artifacts.slice(1) }, /full slot/],
  ['no index', { artifacts: releaseDocument('1.1.0', 2).artifacts.slice(0, 1) }, /index/],
  [
    'two full slots',
    { artifacts: [...releaseDocument('1.1.0', 2).artifacts, releaseDocument('1.1.0', 2).artifacts[0]] },
    /full slot/,
  ],
  ['a state schema that goes back', { stateSchema: { from: 2, to: 1 } }, /state schema/],
  [
    'a slot without a hash tree',
    { usr: { sha256: 'a'.repeat(64), bytes: 4096, dataBlocks: 1, rootHash: 'b'.repeat(64) } },
    /hash tree/,
  ],
  [
    'a delta from nowhere',
    { artifacts: [{ kind: 'delta', name: 'a', sha256: 'a'.repeat(64), bytes: 1 }] },
    /fromRootHash/,
  ],
  ['an artifact of no kind', { artifacts: [{ name: 'a', sha256: 'a'.repeat(64), bytes: 1 }] }, /kind/],
])('refuses %s', (_rule, change, message) => {
  const work = () => parse({ ...releaseDocument('1.1.0', 2), ...change });
  expect(work).toThrow(message);
  expect(work).toThrow(expect.objectContaining({ code: 'RELEASE_REFUSED' }));
});

test('all that is wrong is told at once', () => {
  expect(() => parse({ ...releaseDocument('1.1.0', 2), product: 'boat', sequence: 0 })).toThrow(
    /product[^]*sequence|sequence[^]*product/,
  );
});

test('a newer format is not guessed at', () => {
  expect(() => parse({ format: 2 })).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
});

test.each(['', '{', 'null', '[]', '"text"'])('%p is no manifest', (text) => {
  expect(() => parseReleaseManifest(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'RELEASE_REFUSED' }));
});
