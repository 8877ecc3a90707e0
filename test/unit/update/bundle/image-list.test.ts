import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { Key } from '@tufjs/models';
import { parseImageList } from '../../../../src/update/bundle/image-list.ts';
import { serialize, signedBytes, type TargetsDocument } from '../../../../src/update/repository/documents.ts';
import { hash } from '../feed/releases.ts';

const [ours, others] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
const timestampVersion = 7;
const signers = {
  role: { keyIDs: ['k1'], threshold: 1 },
  keys: {
    k1: new Key({ keyID: 'k1', keyType: 'ed25519', scheme: 'ed25519', keyVal: { public: raw(ours.publicKey) } }),
  },
};
const web = { length: 5, hashes: { sha256: hash('web') }, custom: { references: ['web:1', 'web:latest'] } };

function raw(key: KeyObject): string {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
}

function listOf(change: Partial<TargetsDocument> = {}, key: KeyObject = ours.privateKey): Buffer {
  const signed: TargetsDocument = {
    ...{ _type: 'targets', spec_version: '1.0.31', version: timestampVersion, expires: '2026-05-08T12:00:00Z' },
    targets: { 'images/web.tar': web },
    ...change,
  };
  const sig = sign(null, signedBytes(signed), key).toString('hex');
  return serialize({ signed, signatures: [{ keyid: 'k1', sig }] });
}

const targets = (path: string, change: object = {}): Partial<TargetsDocument> => ({
  targets: { [path]: { ...web, ...change } },
});

test('a list that the channel signed for this state of the repository names images and their archives', () => {
  expect(parseImageList(listOf(), { signers, timestampVersion })).toEqual([
    {
      references: ['web:1', 'web:latest'],
      archive: {
        ...{ path: 'images/web.tar', bytes: 5, hashes: { sha256: hash('web') } },
        place: ['images', `${hash('web')}.web.tar`],
      },
    },
  ]);
});

test.each<[string, Buffer, string]>([
  ['signed by somebody else', listOf({}, others.privateKey), 'threshold'],
  ['changed afterwards', Buffer.from(listOf().toString().replace('web:1', 'web:2')), 'threshold'],
  ['of another state of the repository', listOf({ version: 6 }), 'mix-and-match'],
  ['that is no metadata', Buffer.from('{}'), 'malformed'],
  ['with an archive that leads elsewhere', listOf(targets('images/../blobs/web.tar')), 'malformed'],
  ['with an archive in another folder', listOf(targets('blobs/web.tar')), 'malformed'],
  ['with an archive in a folder below', listOf(targets('images/a/web.tar')), 'malformed'],
  ['with a digest that is none', listOf(targets('images/web.tar', { hashes: { sha256: '../../etc' } })), 'malformed'],
  ['without the names of its images', listOf(targets('images/web.tar', { custom: {} })), 'malformed'],
  [
    'of too many images',
    listOf({ targets: Object.fromEntries(Array.from({ length: 513 }, (_, at) => [`images/${at}.tar`, web])) }),
    'oversized',
  ],
])('a list %s is refused', (_, content, refusal) => {
  expect(() => parseImageList(content, { signers, timestampVersion })).toThrow(
    expect.objectContaining({ code: 'RELEASE_REFUSED', details: expect.objectContaining({ refusal }) }),
  );
});

test('a list of a channel that is not there is refused', () => {
  expect(() => parseImageList(listOf(), { signers: undefined, timestampVersion })).toThrow(
    /nobody was told to sign it/,
  );
});
