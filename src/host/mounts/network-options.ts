import { BerthError, messageOf } from '../../core/errors.ts';
import type { MountRequest } from '../ports.ts';

/** The one that servers have in common, those of clouds too: some know nothing newer, some nothing older. */
const commonVersion = 'vers=4.1';
const versionKeys: readonly string[] = ['vers', 'nfsvers', 'minorversion', 'v2', 'v3', 'v4', 'v4.0', 'v4.1', 'v4.2'];

type NetworkMount = Pick<MountRequest, 'source' | 'type' | 'options'>;

/** The server of an NFS or SMB file system; undefined: it is another one. Pure. */
export function serverOf({ source, type }: Pick<MountRequest, 'source' | 'type'>): string | undefined {
  if (isSmb(source, type)) return /^\/\/([^/]+)/.exec(source)?.[1];
  if (!['nfs', 'nfs4', 'auto'].includes(type)) return undefined;
  const [, bracketed, plain] = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^/:[\]]+)):\//.exec(source) ?? [];
  return bracketed ?? plain;
}

/**
 * What the kernel has to be told of a file system on a server: its address, which mount.nfs(8) and mount.cifs(8) find out where
 * they are installed, and the version of NFS, which it does not find out by itself. Throws HOST_REFUSED.
 * @param lookUp the address of a name.
 */
export async function networkOptions(
  { source, type, options }: NetworkMount,
  lookUp: (server: string) => Promise<string>,
): Promise<readonly string[]> {
  const server = serverOf({ source, type });
  if (server === undefined) return options;
  const has = (...keys: string[]): boolean => options.some((option) => keys.includes(option.split('=', 1)[0] ?? ''));
  const isVersionOpen = !isSmb(source, type) && !has(...versionKeys);
  const version = isVersionOpen ? [commonVersion] : [];
  if (has('addr', 'ip')) return [...options, ...version];
  const address = await lookUp(server).catch((cause: unknown) => {
    throw new BerthError('HOST_REFUSED', `the server ${server} of ${source} has no address: ${messageOf(cause)}`, {
      cause,
      retryable: true,
    });
  });
  return [...options, `${isSmb(source, type) ? 'ip' : 'addr'}=${address}`, ...version];
}

function isSmb(source: string, type: string): boolean {
  return source.startsWith('//') && ['cifs', 'smb3', 'auto'].includes(type);
}
