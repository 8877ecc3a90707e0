import { createHash, X509Certificate } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { certificatesOf } from './certificates.ts';
import { isSecureBoot } from './efi-variables.ts';
import { type FirmwareTrust, type KernelObjection, objectionToKernel, objectionToSigners } from './kernel-objection.ts';
import { peDigest, readPeSignatures } from './pe.ts';
import { parseSignatureDatabase } from './signature-database.ts';

/** With their vendor: UEFI specification 32.6.1, EFI_IMAGE_SECURITY_DATABASE_GUID. */
const allowed = 'db-d719b2cb-3d3a-4596-a3bc-dad00e67656f';
const forbidden = 'dbx-d719b2cb-3d3a-4596-a3bc-dad00e67656f';

export interface SecureBootDependencies {
  /** See `efi-variables.ts`. */
  readonly readVariable: (name: string) => Promise<Buffer | undefined>;
  /** Runs a program. Rejects when it does not end with 0; the cause then has its exit code as `code`. */
  readonly run: (command: string, args: readonly string[]) => Promise<string>;
  /** In memory, for files of one look; made and removed. */
  readonly directory: string;
}

/** This machine's firmware, asked beforehand whether it would start a kernel image. What it trusts is read anew each time. */
export class SecureBoot {
  readonly #deps: SecureBootDependencies;

  constructor(deps: SecureBootDependencies) {
    this.#deps = deps;
  }

  /** Another text when the firmware trusts others than before; undefined: it starts whatever it finds. */
  async mark(): Promise<string | undefined> {
    const lists = await this.#lists();
    if (lists === undefined) return undefined;
    const digest = createHash('sha256');
    for (const list of [lists.allowed, lists.forbidden]) digest.update(`${list.length} `).update(list);
    return digest.digest('hex');
  }

  /**
   * What it would have against an image, by the certificates that its signatures are said to bring (DER). @returns undefined when only
   * the image tells.
   */
  async foresee(signers: readonly Uint8Array[]): Promise<KernelObjection | undefined> {
    const trust = await this.#trust();
    const certificates = readCertificates(signers);
    return trust === undefined || certificates === undefined ? undefined : objectionToSigners(certificates, trust);
  }

  /** What it has against an image. Throws CONFIG_INVALID when that is no program. @returns undefined when it starts it. */
  async judge(image: Uint8Array): Promise<KernelObjection | undefined> {
    const trust = await this.#trust();
    if (trust === undefined) return undefined;
    const program = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
    const signers = readPeSignatures(program).flatMap((signature) => certificatesOf(signature));
    const { directory } = this.#deps;
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeFile(join(directory, 'program'), program);
      const holdsBy = {
        allowed: await this.#isSignedBy(trust.allowed.certificates),
        forbidden: await this.#isSignedBy(trust.forbidden.certificates),
      };
      return objectionToKernel({ signers, holdsBy, digestBy: (algorithm) => peDigest(program, algorithm) }, trust);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  async #trust(): Promise<FirmwareTrust | undefined> {
    const lists = await this.#lists();
    if (lists === undefined) return undefined;
    return { allowed: parseSignatureDatabase(lists.allowed), forbidden: parseSignatureDatabase(lists.forbidden) };
  }

  async #lists(): Promise<Readonly<Record<keyof FirmwareTrust, Buffer>> | undefined> {
    const { readVariable } = this.#deps;
    if (!(await isSecureBoot(readVariable))) return undefined;
    const empty = Buffer.alloc(0);
    return { allowed: (await readVariable(allowed)) ?? empty, forbidden: (await readVariable(forbidden)) ?? empty };
  }

  /** Like a firmware, sbverify(1) does not look at how long a certificate is valid. */
  async #isSignedBy(certificates: readonly X509Certificate[]): Promise<boolean> {
    const { directory, run } = this.#deps;
    const files = certificates.map((_, place) => join(directory, `${place}.pem`));
    for (const [place, file] of files.entries()) await writeFile(file, `${certificates[place]?.toString()}`);
    if (files.length === 0) return false;
    try {
      await run('sbverify', [...files.flatMap((file) => ['--cert', file]), join(directory, 'program')]);
      return true;
    } catch (error) {
      if (exitCodeOf(error) === 1) return false;
      throw error;
    }
  }
}

/** @returns undefined when one cannot be read. */
function readCertificates(encoded: readonly Uint8Array[]): X509Certificate[] | undefined {
  try {
    return encoded.map((certificate) => new X509Certificate(certificate));
  } catch {
    return undefined;
  }
}

function exitCodeOf(error: unknown): unknown {
  return Reflect.get(Object(Reflect.get(Object(error), 'cause')), 'code');
}
