import type { KernelObjection } from '../../boot/kernel-objection.ts';
import { BerthError, isBerthError } from '../../core/errors.ts';
import type { ReleaseManifest } from '../release-manifest.ts';

/** Whether this machine's firmware would start a kernel image: `SecureBoot` of `boot/`. */
export interface KernelGate {
  /** Another text when it trusts others than before; undefined: it starts whatever it finds. */
  mark(): Promise<string | undefined>;
  /** By the certificates that the image is said to bring. @returns undefined when only the image tells. */
  foresee(signers: readonly Uint8Array[]): Promise<KernelObjection | undefined>;
  /** @returns undefined when it starts it. */
  judge(image: Uint8Array): Promise<KernelObjection | undefined>;
}

/** Why a release's kernel image would not start, from what its signed manifest says; undefined when that does not tell. */
export async function foreseeRefusal(
  gate: Pick<KernelGate, 'foresee'>,
  { version, uki }: Pick<ReleaseManifest, 'version' | 'uki'>,
): Promise<BerthError | undefined> {
  if (uki.signers === undefined) return undefined;
  const objection = await gate.foresee(uki.signers.map((signer) => Buffer.from(signer, 'base64')));
  return objection === undefined ? undefined : kernelRefusal(version, objection);
}

/** The error for a release whose kernel image the firmware would not start. */
export function kernelRefusal(version: string, { why, signers, trusted }: KernelObjection): BerthError {
  return new BerthError('RELEASE_REFUSED', `this machine’s firmware would not start the kernel of ${version}: ${why}`, {
    details: { refusal: 'firmware', role: 'kernel', signers, trusted },
    hint: 'sign it with a key that the firmware trusts, or have it trust that key first: docs/image.md, "Secure Boot"',
  });
}

/** Whether an error says that. */
export function isKernelRefusal(error: unknown): boolean {
  return isBerthError(error, 'RELEASE_REFUSED') && error.details['refusal'] === 'firmware';
}
