import { X509Certificate } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { readPeSignatures } from './pe.ts';
import { type CertificateFacts, factsOf } from './signing-key.ts';
import type { Tools } from './tools.ts';

/** Whether an EFI program is signed. `valid` says that it is as it was signed, not that anybody trusts the certificate. */
export type SignatureState =
  | { readonly kind: 'none' }
  | { readonly kind: 'valid'; readonly certificate: CertificateFacts }
  /** It was changed after it was signed, or what it carries is no signature. */
  | { readonly kind: 'broken' };

/** Looks at an EFI program's signature. Throws CONFIG_INVALID when the file is none. */
export async function readSignature(file: string, tools: Tools): Promise<SignatureState> {
  const signatures = readPeSignatures(await readFile(file));
  if (signatures.length === 0) return { kind: 'none' };
  for (const certificate of signatures.flatMap((signature) => certificatesOf(signature))) {
    if (await isSignedBy(file, certificate, tools)) return { kind: 'valid', certificate: factsOf(certificate) };
  }
  return { kind: 'broken' };
}

/** Whether a program is as the certificate's key signed it. */
export async function isSignedBy(file: string, certificate: X509Certificate, tools: Tools): Promise<boolean> {
  const pem = `${file}.certificate`;
  await writeFile(pem, certificate.toString());
  try {
    return (await tools.run('sbverify', ['--cert', pem, file], { accept: [0, 1] })).exitCode === 0;
  } finally {
    await rm(pem);
  }
}

/** The certificates in a PKCS #7 signature (RFC 2315, 9.1); none when it cannot be read. Pure. */
export function certificatesOf(signature: Buffer): X509Certificate[] {
  try {
    const [, content] = derValues(derValues(signature)[0]?.content ?? empty);
    const [signedData] = derValues(content?.content ?? empty);
    const certificates = derValues(signedData?.content ?? empty).find(({ tag }) => tag === implicitZero);
    return derValues(certificates?.content ?? empty).map(({ whole }) => new X509Certificate(whole));
  } catch {
    return [];
  }
}

interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

const empty = Buffer.alloc(0);
/** [0], constructed. */
const implicitZero = 0xa0;

/** The values that stand one behind the other. Source: X.690, 8.1. Tags are of one byte here. Padding behind them is left out. */
function derValues(bytes: Buffer): DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at + 2 <= bytes.length && bytes[at] !== 0; ) {
    const first = bytes.readUInt8(at + 1);
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    const start = at + 2 + lengthBytes;
    const end = start + (lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes));
    if (end > bytes.length) throw new RangeError('the value ends behind its bytes');
    values.push({ tag: bytes.readUInt8(at), content: bytes.subarray(start, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return values;
}
