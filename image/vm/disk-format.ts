import { BerthError } from '../../src/core/errors.ts';
import { runCommand } from '../command.ts';

/** The format of a disk image. Throws UNSUPPORTED when it is neither raw nor qcow2, or cannot be read. */
export async function diskFormat(file: string): Promise<'raw' | 'qcow2'> {
  const { stdout } = await runCommand('qemu-img', ['info', '--output=json', '--force-share', file]);
  const { format } = JSON.parse(stdout) as { readonly format: string };
  if (format === 'raw' || format === 'qcow2') return format;
  throw new BerthError('UNSUPPORTED', `${file} is a ${format} image`, { hint: 'a VM boots from raw or qcow2' });
}
