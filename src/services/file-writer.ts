import { chmod, chown, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ServiceFile } from './model.ts';

/** Puts a secret or config where its bind mount expects it. Safe to repeat; the name carries the content's digest. */
export async function writeServiceFile({ path, contentBase64, mode, uid, gid }: ServiceFile): Promise<void> {
  const content = Buffer.from(contentBase64, 'base64');
  const present = await stat(path).catch(() => undefined);
  if (present?.size === content.length && (present.mode & 0o7777) === mode) return;
  await mkdir(dirname(path), { recursive: true, mode: 0o711 });
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(temporary, mode);
  await chown(temporary, uid, gid);
  await rename(temporary, path);
}
