import type { X509Certificate } from 'node:crypto';
import { certificateDigest, subjectOf } from './certificates.ts';
import type { ListedDigest, SignatureDatabase } from './signature-database.ts';

/** What a firmware that enforces Secure Boot goes by. */
export interface FirmwareTrust {
  /** `db`. */
  readonly allowed: SignatureDatabase;
  /** `dbx`: it counts more. */
  readonly forbidden: SignatureDatabase;
}

/** Why a firmware would not start a kernel image. */
export interface KernelObjection {
  /** For a person: a sentence about "it". */
  readonly why: string;
  /** Subjects of the certificates that the image's signatures bring. */
  readonly signers: readonly string[];
  /** Subjects of those that the firmware trusts. */
  readonly trusted: readonly string[];
}

/** What is known of a kernel image that is there whole. */
export interface KernelFacts {
  readonly signers: readonly X509Certificate[];
  readonly digestBy: (algorithm: ListedDigest['algorithm']) => string;
  /** Whether a signature holds that leads to a certificate of the list. */
  readonly holdsBy: Readonly<Record<keyof FirmwareTrust, boolean>>;
}

/**
 * What a firmware would have against an image, as far as that is known from who is said to have signed it: UEFI specification
 * 32.5.3.3, "Authorization Process". Pure. @returns undefined when the image itself has to be looked at, or nothing is wrong.
 */
export function objectionToSigners(
  signers: readonly X509Certificate[],
  trust: FirmwareTrust,
): KernelObjection | undefined {
  const { allowed, forbidden } = trust;
  const revoked = signers.filter((signer) => isRevoked(signer, forbidden));
  if (revoked.length > 0) return objection(signers, trust, `${forbids(revoked)} (dbx)`);
  // Any image may be trusted by its digest.
  if (allowed.programs.length > 0 || signers.some((signer) => leadsTo(signer, allowed.certificates))) return undefined;
  return objection(signers, trust, stranger(signers, trust));
}

/** What a firmware has against an image. Pure. @returns undefined when it starts it. */
export function objectionToKernel(kernel: KernelFacts, trust: FirmwareTrust): KernelObjection | undefined {
  const { signers, holdsBy } = kernel;
  const { allowed, forbidden } = trust;
  const revoked = signers.filter((signer) => isRevoked(signer, forbidden));
  if (revoked.length > 0 || holdsBy.forbidden)
    return objection(signers, trust, `${forbids(revoked.length > 0 ? revoked : signers)} (dbx)`);
  if (isListed(kernel, forbidden)) return objection(signers, trust, 'this firmware forbids it by its digest (dbx)');
  if (holdsBy.allowed || isListed(kernel, allowed)) return undefined;
  const known = signers.filter((signer) => leadsTo(signer, allowed.certificates));
  return objection(
    signers,
    trust,
    known.length > 0 ? `its signature by ${subjects(known)} does not hold` : stranger(signers, trust),
  );
}

function objection(signers: readonly X509Certificate[], { allowed }: FirmwareTrust, why: string): KernelObjection {
  return { why, signers: signers.map(subjectOf), trusted: allowed.certificates.map(subjectOf) };
}

function forbids(signers: readonly X509Certificate[]): string {
  return `it is signed by ${subjects(signers)}, which this firmware no longer trusts`;
}

function stranger(signers: readonly X509Certificate[], { allowed }: FirmwareTrust): string {
  const signed = signers.length === 0 ? 'nobody signed it' : `it is signed by ${subjects(signers)}`;
  return `${signed}, this firmware trusts ${subjects(allowed.certificates) || 'nobody'} (db)`;
}

function subjects(certificates: readonly X509Certificate[]): string {
  return certificates.map(subjectOf).join(' and ');
}

/** Whether it is one of them, or was issued by one of them. */
function leadsTo(certificate: X509Certificate, others: readonly X509Certificate[]): boolean {
  return others.some(
    (other) =>
      other.raw.equals(certificate.raw) || (certificate.checkIssued(other) && certificate.verify(other.publicKey)),
  );
}

/** A time of revocation, before which signatures that were time-stamped would hold, is not looked at: ours have no such stamp. */
function isRevoked(certificate: X509Certificate, { certificates, revoked }: SignatureDatabase): boolean {
  return (
    leadsTo(certificate, certificates) ||
    revoked.some(({ algorithm, digest }) => certificateDigest(certificate, algorithm) === digest)
  );
}

/** Lists have hundreds of digests, and the image is big: it is read once for each algorithm. */
function isListed({ digestBy }: KernelFacts, { programs }: SignatureDatabase): boolean {
  const algorithms = new Set(programs.map(({ algorithm }) => algorithm));
  const own = new Map([...algorithms].map((algorithm) => [algorithm, digestBy(algorithm)]));
  return programs.some(({ algorithm, digest }) => own.get(algorithm) === digest);
}
