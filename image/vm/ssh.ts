import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BerthError } from '../../src/core/errors.ts';
import { findDetached, isAlive, spawnDetached, terminate } from '../../src/engine/detached-process.ts';
import { runCommand } from '../command.ts';
import type { VmFiles } from './vm-files.ts';

/** Where and as whom ssh reaches a VM. */
export interface SshTarget {
  readonly files: Pick<VmFiles, 'directory' | 'sshKey' | 'knownHosts' | 'apiSocket' | 'sshProcess' | 'sshLog'>;
  /** On this machine's loopback. */
  readonly port: number;
  readonly user: string;
}

/** Seconds for an answer: an emulated machine under load takes its time. */
const patience = 20;
const pollMs = 50;

/** ssh's options and destination, without a command. Nothing of the person's own settings changes what they do. Pure. */
export function sshArguments({ files, port, user }: SshTarget, options: readonly string[] = []): string[] {
  const settings = {
    UserKnownHostsFile: quote(files.knownHosts),
    // The first answer on this port is our own VM's.
    StrictHostKeyChecking: 'accept-new',
    IdentitiesOnly: 'yes',
    ConnectTimeout: String(patience),
    ServerAliveInterval: '15',
    ServerAliveCountMax: '8',
    LogLevel: 'ERROR',
  };
  return [
    ...['-F', 'none', '-i', files.sshKey, '-p', String(port)],
    ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    ...options,
    `${user}@127.0.0.1`,
  ];
}

/** A path with spaces is several words in ssh's settings. */
function quote(path: string): string {
  return path.includes(' ') ? `"${path}"` : path;
}

/** The line a person can type to log in. Pure. */
export function sshCommandLine(target: SshTarget): string {
  const { files, port, user } = target;
  const words = ['ssh', '-i', files.sshKey, '-o', `UserKnownHostsFile=${quote(files.knownHosts)}`, '-p', String(port)];
  return [...words, `${user}@127.0.0.1`].map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ');
}

/** Makes the VM's key pair unless it is there. @returns the public key. Throws UNSUPPORTED when ssh-keygen fails. */
export async function ensureSshKey({ sshKey }: Pick<VmFiles, 'sshKey'>, name: string): Promise<string> {
  if (!existsSync(sshKey)) {
    await runCommand('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `berth-vm-${name}`, '-f', sshKey]);
  }
  return (await readFile(`${sshKey}.pub`, 'utf8')).trim();
}

/**
 * Keeps a connection open through which a socket of this machine leads to one inside. Does nothing when it is there already.
 * Throws AGENT_UNREACHABLE (retryable) while the VM does not let us in.
 */
export async function openApi(target: SshTarget, remoteSocket: string): Promise<string> {
  const { files } = target;
  const known = await findDetached(files.sshProcess);
  if (known !== undefined && existsSync(files.apiSocket)) return files.apiSocket;
  await closeApi(target);
  const forward = ['-N', '-L', `${files.apiSocket}:${remoteSocket}`, '-o', 'ExitOnForwardFailure=yes'];
  const behaviour = ['-o', 'BatchMode=yes', '-o', 'StreamLocalBindUnlink=yes', '-o', 'StreamLocalBindMask=0177'];
  const ssh = await spawnDetached({
    command: 'ssh',
    args: sshArguments(target, [...forward, ...behaviour]),
    env: process.env,
    logFile: files.sshLog,
    pidFile: files.sshProcess,
  });
  // ssh makes the socket once it is logged in.
  while (!existsSync(files.apiSocket)) {
    if (!isAlive(ssh)) {
      const said = (await readFile(files.sshLog, 'utf8')).trim().split('\n').at(-1) ?? '';
      throw new BerthError('AGENT_UNREACHABLE', `ssh to the VM as ${target.user}: ${said}`, {
        retryable: true,
        hint: `while it starts or restarts, try again in a moment; "berth vm logs ${basename(files.directory)}" shows its console`,
      });
    }
    await sleep(pollMs);
  }
  return files.apiSocket;
}

/** Ends that connection. */
export async function closeApi({ files }: Pick<SshTarget, 'files'>): Promise<void> {
  const ssh = await findDetached(files.sshProcess);
  if (ssh !== undefined) await terminate(ssh, 2000);
  for (const file of [files.apiSocket, files.sshProcess, files.sshLog]) await rm(file, { force: true });
}
