import { passwordIn } from '../../config/mount-secret.ts';
import { BerthError, messageOf } from '../../core/errors.ts';
import type { MountRequest } from '../ports.ts';
import { credentialOptions } from './credentials.ts';

/** The one that servers have in common, those of clouds too: some know nothing newer, some nothing older. */
const commonVersion = 'vers=4.1';
const versionKeys: readonly string[] = ['vers', 'nfsvers', 'minorversion', 'v2', 'v3', 'v4', 'v4.0', 'v4.1', 'v4.2'];

/** What stands outside of the mount itself. */
export interface NetworkLookups {
  /** The address of a name. */
  readonly address: (server: string) => Promise<string>;
  /** The text of a file of this host. */
  readonly text: (path: string) => Promise<string>;
}

/** A connection to a port of a server; rejects when there is none within a few seconds. */
export type Connect = (server: string, port: number) => Promise<void>;

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
 * they are installed, the version of NFS, which it does not find out by itself, and who asks for it with SMB. Throws HOST_REFUSED.
 */
export async function networkOptions(
  { source, type, options: given }: NetworkMount,
  look: NetworkLookups,
): Promise<readonly string[]> {
  const server = serverOf({ source, type });
  if (server === undefined) return given;
  const options = isSmb(source, type) ? await withUser(given, look) : given;
  const has = (...keys: string[]): boolean => options.some((option) => keys.includes(option.split('=', 1)[0] ?? ''));
  refuseUnkeptLocks(source, type, options);
  const isVersionOpen = !isSmb(source, type) && !has(...versionKeys);
  const version = isVersionOpen ? [commonVersion] : [];
  if (has('addr', 'ip')) return [...options, ...version];
  const address = await look.address(server).catch((cause: unknown) => {
    throw new BerthError('HOST_REFUSED', `the server ${server} of ${source} has no address: ${messageOf(cause)}`, {
      cause,
      retryable: true,
    });
  });
  return [...options, `${isSmb(source, type) ? 'ip' : 'addr'}=${address}`, ...version];
}

/**
 * Why a file system on a server did not mount, when that is because nobody answers there: the kernel itself says then that the
 * version is not available. undefined: somebody answers, or it is on no server.
 */
export async function whyAway(mount: NetworkMount, connect: Connect): Promise<string | undefined> {
  const server = serverOf(mount);
  if (server === undefined) return undefined;
  const given = mount.options.flatMap((option) => /^(?:port|addr|ip)=(.+)$/.exec(option)?.[0] ?? []);
  const valueOf = (...keys: string[]): string | undefined =>
    given.find((option) => keys.includes(option.split('=', 1)[0] ?? ''))?.replace(/^\w+=/, '');
  const port = Number(valueOf('port') ?? (isSmb(mount.source, mount.type) ? 445 : 2049));
  return connect(valueOf('addr', 'ip') ?? server, port).then(
    () => undefined,
    (error: unknown) => `the server ${server} does not answer on port ${port}: ${messageOf(error)}`,
  );
}

/** True for what is said of a server that is not there. */
export function saysAway(error: string): boolean {
  return /^the server .* (has no address|does not answer)/.test(error);
}

/** Before NFS 4, the kernel leaves locks to rpc.statd(8), without which programs that lock fail much later. As mount.nfs(8) does. */
function refuseUnkeptLocks(source: string, type: string, options: readonly string[]): void {
  if (isSmb(source, type) || options.some((option) => option === 'nolock' || option.startsWith('local_lock='))) return;
  const version = options.find((option) => /^(?:(?:nfs)?vers=|v)[23](?:\.0)?$/.test(option));
  if (version === undefined) return;
  // What to do is part of the message: a step that fails says no more than that.
  const why = `${version} of ${source} needs rpc.statd for locks, and Berth has none`;
  throw new BerthError(
    'HOST_REFUSED',
    `${why}: leave it out for NFS 4.1, or add nolock (no other host sees such locks)`,
  );
}

/** The kernel reads no file, and takes a guest for one who did not say who they are. */
async function withUser(options: readonly string[], { text }: NetworkLookups): Promise<readonly string[]> {
  const said = await Promise.all(
    options.map(async (option) => {
      const path = /^cred(?:entials)?=(.*)$/.exec(option)?.[1];
      if (path === undefined) return option === 'guest' ? ['username='] : [option];
      const file = await text(path).catch((cause: unknown) => {
        throw new BerthError('HOST_REFUSED', `the credentials ${path} cannot be read: ${messageOf(cause)}`, {
          cause,
          retryable: true,
        });
      });
      return credentialOptions(file);
    }),
  );
  const told = said.flat();
  if (told.some((option) => passwordIn(option)?.includes(',') === true))
    throw new BerthError('HOST_REFUSED', 'a password with a comma cannot be given to the kernel: choose another one');
  return told;
}

function isSmb(source: string, type: string): boolean {
  return source.startsWith('//') && ['cifs', 'smb3', 'auto'].includes(type);
}
