import type { X509Certificate } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { certificatesOf } from '../../src/boot/certificates.ts';
import { readPeSignatures } from '../../src/boot/pe.ts';
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
