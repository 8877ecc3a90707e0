/** Types of signatures in a firmware's lists: UEFI specification 32.4.1. */
export const signatureTypes = {
  x509: 'a5c059a1-94e4-4aa7-87b5-ab155c2bf072',
  sha256: 'c1c41626-504c-4092-aca9-41f936934328',
  sha384: 'ff3e5307-9fd0-48c9-85f1-8ad56c701e01',
  sha512: '093e0fae-a6c4-4f50-9f1b-d41e2b89c19a',
  x509Sha256: '3bd2a492-96c0-4079-b420-fcf98ef103ed',
  sha1: '826ca512-cf10-4ac9-b187-be01496631bd',
} as const;

/** An EFI_SIGNATURE_LIST of signatures that have the same length. */
export function signatureList(type: keyof typeof signatureTypes, ...signatures: readonly Uint8Array[]): Buffer {
  const owned = signatures.map((signature) => Buffer.concat([Buffer.alloc(16, 7), signature]));
  const body = Buffer.concat(owned);
  const head = Buffer.alloc(28);
  guid(signatureTypes[type]).copy(head);
  head.writeUInt32LE(head.length + body.length, 16);
  head.writeUInt32LE(owned[0]?.length ?? 0, 24);
  return Buffer.concat([head, body]);
}

function guid(text: string): Buffer {
  const [a = '', b = '', c = '', d = '', e = ''] = text.split('-').map((part) => Buffer.from(part, 'hex'));
  return Buffer.concat([...[a, b, c].map((part) => Buffer.from(part).reverse()), Buffer.from(d), Buffer.from(e)]);
}
