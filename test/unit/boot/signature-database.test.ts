import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { parseSignatureDatabase } from '../../../src/boot/signature-database.ts';
import { signatureList } from '../../support/signature-lists.ts';
import { certificates } from './test-certificates.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const hex = (text: string): string => digest(text).toString('hex');
const { own, other } = certificates;

test.each<[string, Buffer, object]>([
  ['nothing', Buffer.alloc(0), { certificates: [], programs: [], revoked: [] }],
  [
    'certificates, each in a list of its own, and digests of programs',
    Buffer.concat([
      signatureList('x509', own.raw),
      signatureList('sha256', digest('one'), digest('two')),
      signatureList('x509', other.raw),
    ]),
    {
      certificates: ['CN=own', 'CN=other'],
      programs: [
        { algorithm: 'sha256', digest: hex('one') },
        { algorithm: 'sha256', digest: hex('two') },
      ],
      revoked: [],
    },
  ],
  [
    'digests of certificates, without the time behind them',
    signatureList('x509Sha256', Buffer.concat([digest('one'), Buffer.alloc(16, 9)])),
    { certificates: [], programs: [], revoked: [{ algorithm: 'sha256', digest: hex('one') }] },
  ],
  [
    'kinds that it does not know, and what is no certificate',
    Buffer.concat([signatureList('sha1', Buffer.alloc(20)), signatureList('x509', Buffer.alloc(40, 1))]),
    { certificates: [], programs: [], revoked: [] },
  ],
  [
    'what is behind a list that does not add up',
    Buffer.concat([signatureList('sha512', Buffer.alloc(64)), signatureList('x509', own.raw).subarray(0, -1)]),
    { certificates: [], programs: [{ algorithm: 'sha512', digest: '0'.repeat(128) }], revoked: [] },
  ],
])('a firmware’s list has %s', (_what, content, expected) => {
  const { certificates: found, ...digests } = parseSignatureDatabase(content);
  expect({ certificates: found.map(({ subject }) => subject), ...digests }).toEqual(expected);
});

test('whatever a list says, reading it comes to an end', () => {
  for (const length of [0, 1, 27, 28, 2 ** 32 - 1]) {
    const content = signatureList('sha256', digest('one'));
    content.writeUInt32LE(length, 16);
    expect(parseSignatureDatabase(content).programs).toEqual([]);
    const entry = signatureList('sha256', digest('one'));
    entry.writeUInt32LE(length, 24);
    expect(parseSignatureDatabase(entry).programs).toHaveLength(length > 16 && length < 49 ? 1 : 0);
  }
});
