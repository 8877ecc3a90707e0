/** Something that signs. */
export interface Signer {
  /** For a person. */
  readonly name: string;
  /** Absent: whose signature it is shows when it has signed. */
  readonly keyId?: string;
  sign(bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}
