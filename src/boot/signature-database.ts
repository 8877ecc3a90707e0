import { X509Certificate } from 'node:crypto';

/** A digest in a firmware's list. */
export interface ListedDigest {
  readonly algorithm: 'sha256' | 'sha384' | 'sha512';
  /** Hexadecimal. */
  readonly digest: string;
}

/** What a firmware trusts (`db`), or no longer does (`dbx`). */
export interface SignatureDatabase {
  readonly certificates: readonly X509Certificate[];
  /** Of programs. */
  readonly programs: readonly ListedDigest[];
  /** Of certificates, as `certificateDigest` makes them. */
  readonly revoked: readonly ListedDigest[];
}

type Kind =
  | { readonly list: 'certificates' }
  | { readonly list: 'programs' | 'revoked'; readonly algorithm: ListedDigest['algorithm'] };

/** Types of signatures: UEFI specification 32.4.1, "EFI_SIGNATURE_DATA". SHA-1 and SHA-224 nobody signs with. */
const kinds: Readonly<Record<string, Kind>> = {
  'a5c059a1-94e4-4aa7-87b5-ab155c2bf072': { list: 'certificates' },
  'c1c41626-504c-4092-aca9-41f936934328': { list: 'programs', algorithm: 'sha256' },
  'ff3e5307-9fd0-48c9-85f1-8ad56c701e01': { list: 'programs', algorithm: 'sha384' },
  '093e0fae-a6c4-4f50-9f1b-d41e2b89c19a': { list: 'programs', algorithm: 'sha512' },
  '3bd2a492-96c0-4079-b420-fcf98ef103ed': { list: 'revoked', algorithm: 'sha256' },
  '7076876e-80c2-4ee6-aad2-28b349a6865b': { list: 'revoked', algorithm: 'sha384' },
  '446dbf63-2502-4cda-bcfa-2465d2b0fe9d': { list: 'revoked', algorithm: 'sha512' },
};
const digestBytes = { sha256: 32, sha384: 48, sha512: 64 } as const;
const guidBytes = 16;
const listHeaderBytes = guidBytes + 12;

/**
 * Reads the content of `db` or `dbx`: EFI_SIGNATURE_LISTs, one behind the other (UEFI specification 32.4.1). Kinds that it does not
 * know are left out, as is what is behind a list that does not add up. Pure.
 */
export function parseSignatureDatabase(content: Buffer): SignatureDatabase {
  const certificates: X509Certificate[] = [];
  const digests = { programs: [] as ListedDigest[], revoked: [] as ListedDigest[] };
  for (const { type, data } of signaturesIn(content)) {
    const kind = kinds[type];
    if (kind === undefined) continue;
    if (kind.list === 'certificates') certificates.push(...certificateIn(data));
    else {
      const { list, algorithm } = kind;
      // A revoked certificate's digest has the time of its revocation behind it.
      digests[list].push({ algorithm, digest: data.subarray(0, digestBytes[algorithm]).toString('hex') });
    }
  }
  return { certificates, ...digests };
}

function* signaturesIn(content: Buffer): Generator<{ readonly type: string; readonly data: Buffer }> {
  for (let at = 0; at + listHeaderBytes <= content.length; ) {
    const listBytes = content.readUInt32LE(at + guidBytes);
    const headerBytes = content.readUInt32LE(at + guidBytes + 4);
    const signatureBytes = content.readUInt32LE(at + guidBytes + 8);
    const end = at + listBytes;
    if (listBytes < listHeaderBytes || signatureBytes <= guidBytes || end > content.length) return;
    const type = guidText(content.subarray(at, at + guidBytes));
    for (let one = at + listHeaderBytes + headerBytes; one + signatureBytes <= end; one += signatureBytes) {
      // Each begins with its owner.
      yield { type, data: content.subarray(one + guidBytes, one + signatureBytes) };
    }
    at = end;
  }
}

/** What is no certificate, firmware cannot trust either. */
function certificateIn(data: Buffer): X509Certificate[] {
  try {
    return [new X509Certificate(data)];
  } catch {
    return [];
  }
}

/** Its first three parts are little-endian: UEFI specification, appendix A. */
function guidText(guid: Buffer): string {
  const parts = [
    guid.subarray(0, 4).toReversed(),
    guid.subarray(4, 6).toReversed(),
    guid.subarray(6, 8).toReversed(),
    guid.subarray(8, 10),
    guid.subarray(10, 16),
  ];
  return parts.map((part) => Buffer.from(part).toString('hex')).join('-');
}
