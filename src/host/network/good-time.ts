/**
 * The time a host's clock should be set to, or undefined when it is believable: it cannot be earlier than the moment its
 * image was built, nor than the last time the host knew for sure. Without this, a machine whose clock starts in 1970
 * trusts no certificate, and cannot fetch anything over TLS. All in milliseconds since the epoch. Pure.
 */
export function clockFloor(nowMs: number, imageBuiltMs: number, lastKnownMs = 0): number | undefined {
  const floor = Math.max(imageBuiltMs, lastKnownMs);
  return nowMs < floor ? floor : undefined;
}
