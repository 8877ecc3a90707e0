import { expect, test } from '@jest/globals';
import { certificatesOf } from '../../../src/boot/certificates.ts';

const signedData = Buffer.from('06092a864886f70d010702', 'hex');

test.each<[string, Buffer]>([
  ['nothing', Buffer.alloc(0)],
  ['zeros', Buffer.alloc(64)],
  ['a value that ends behind its bytes', Buffer.from('3082ffff', 'hex')],
  ['a length of more bytes than there are', Buffer.from('308f01', 'hex')],
  [
    'signed data without certificates',
    Buffer.concat([Buffer.from('3011', 'hex'), signedData, Buffer.from('a0043002a000', 'hex')]),
  ],
  [
    'a certificate that is none',
    Buffer.concat([Buffer.from('3013', 'hex'), signedData, Buffer.from('a0063004a0023000', 'hex')]),
  ],
])('%s has no certificates', (_what, signature) => {
  expect(certificatesOf(signature)).toEqual([]);
});
