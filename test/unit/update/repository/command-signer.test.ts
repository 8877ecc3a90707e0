import { expect, test } from '@jest/globals';
import { commandSigner } from '../../../../src/update/repository/command-signer.ts';

/** As long as an RSA signature: programs that write text break it into lines of 64 or 76 characters. */
const signature = Buffer.from(Array.from({ length: 256 }, (_, index) => (index * 37 + 11) % 256));
const broken = (text: string, width: number): string => text.replace(new RegExp(`.{1,${width}}`, 'g'), '$&\n');
const hex = signature.toString('hex');
const base64 = signature.toString('base64');

test.each<[string, string | Buffer]>([
  ['as it is', signature],
  ['hexadecimal', hex],
  ['hexadecimal, as xxd -p breaks it', broken(hex, 60)],
  [
    'hexadecimal in capitals, with the line ends of another system',
    broken(hex.toUpperCase(), 64).replaceAll('\n', '\r\n'),
  ],
  ['base64', `${base64}\n`],
  ['base64, as base64 breaks it', broken(base64, 76)],
  ['base64, as openssl breaks it', broken(base64, 64)],
])('a signature is read: %s', async (_, output) => {
  const written = Buffer.from(output).toString('base64');
  const signer = commandSigner(`echo ${written} | base64 -d`);
  expect(await signer.sign(Buffer.from('bytes'), new AbortController().signal)).toEqual(signature);
});

test('what ends like text, but is none, stays as it is', async () => {
  const raw = Buffer.concat([signature.subarray(0, 250), Buffer.from('  \r\n\n\n')]);
  const signer = commandSigner(`echo ${raw.toString('base64')} | base64 -d`);
  expect(await signer.sign(Buffer.from('bytes'), new AbortController().signal)).toEqual(raw);
});
