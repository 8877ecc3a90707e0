import type { FileConfig } from '../host-config.ts';
import { map, type Written } from './written.ts';

/** An entry of `write_files`: text as text where it is some, else base64. */
export function writeFile({ path, contentBase64, mode, owner, group, append, defer }: FileConfig): Written {
  const bytes = Buffer.from(contentBase64, 'base64');
  const text = bytes.toString('utf8');
  const isText = !text.includes('\0') && Buffer.from(text).equals(bytes);
  return (
    map({
      path,
      content: isText ? text : contentBase64,
      encoding: isText ? undefined : 'b64',
      permissions: `0${mode.toString(8)}`,
      owner: owner === 'root' && group === 'root' ? undefined : `${owner}:${group}`,
      append: append ? true : undefined,
      defer: defer ? true : undefined,
    }) ?? {}
  );
}
