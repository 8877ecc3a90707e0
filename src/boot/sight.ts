import type { Esp } from './esp.ts';

/** So many bytes at its beginning make a file an entry. */
export const magicBytes = 2;
const noMagic = Buffer.alloc(magicBytes);

/** Whether a file begins as an entry does. */
export async function beginsWith(esp: Esp, path: string, magic: Buffer): Promise<boolean> {
  return magic.equals(await esp.head(path, magic.length));
}

/**
 * Out of the boot loader's sight first, by one write each: half removed, one might still be booted, by another name. None is removed
 * before all are out of sight: two names may have their space in common. In the order they are given.
 */
export async function takeAway(esp: Esp, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const head = await esp.head(path, magicBytes);
    // What has no beginning would grow by one, and the partition may be full.
    if (head.length === magicBytes && !noMagic.equals(head)) await esp.patch(path, noMagic);
  }
  for (const path of paths) await esp.remove(path);
}
