import { readFile } from 'node:fs/promises';
import { acceptsConnections } from './engine-presence.ts';
import { runCommand } from './run-command.ts';

/** Where a Docker that is not ours listens, on a person's own machine. */
const socket = '/var/run/docker.sock';

/** What there is of a Docker that is not Berth's. */
export type ForeignDocker =
  | { readonly kind: 'running'; readonly socket: string }
  /** Ports of its containers are still published: live-restore, or it crashed. */
  | { readonly kind: 'stopped'; readonly bridge: string }
  | { readonly kind: 'none' };

/** Looks for a Docker on this machine. `ownBridge` is the bridge of an engine of Berth's. */
export async function findForeignDocker(ownBridge: string): Promise<ForeignDocker> {
  if (await acceptsConnections(socket)) return { kind: 'running', socket };
  const links = linkNames(await readFile('/proc/net/dev', 'utf8').catch(() => ''));
  const bridge = (await natRules()).flatMap((rules) => publishingBridge(rules, ownBridge, links) ?? [])[0];
  return bridge === undefined ? { kind: 'none' } : { kind: 'stopped', bridge };
}

/**
 * The default bridge of another Docker whose nat rules still publish ports; undefined when there is none. An engine that
 * starts and manages iptables flushes the chain these are in. Bridges of user-defined networks (`br-` and 12 hex digits)
 * may be anybody's. Pure.
 */
export function publishingBridge(rules: string, ownBridge: string, links: readonly string[]): string | undefined {
  const publishing = [...rules.matchAll(/^-A DOCKER ! -i (\S+) .*-j DNAT /gm)].map((match) => match[1] ?? '');
  if (publishing.every((bridge) => bridge === ownBridge)) return undefined;
  const bridges = [
    ...rules.matchAll(/^-A POSTROUTING .*! -o (\S+) -j MASQUERADE$/gm),
    ...rules.matchAll(/^-A DOCKER -i (\S+) -j RETURN$/gm),
  ].map((match) => match[1] ?? '');
  const isDefault = (bridge: string): boolean => bridge !== ownBridge && !/^br-[0-9a-f]{12}$/.test(bridge);
  return bridges.find((bridge) => isDefault(bridge) && links.includes(bridge));
}

/** Names in /proc/net/dev: of this process's network namespace, whatever /sys shows. Pure. */
function linkNames(text: string): string[] {
  return [...text.matchAll(/^ *([^\s:]+):/gm)].map((match) => match[1] ?? '');
}

/** The nat tables, as `iptables-save` prints them: the kernel may have two. */
async function natRules(): Promise<string[]> {
  const legacy = await readFile('/proc/net/ip_tables_names', 'utf8').catch(() => '');
  // Asking for a legacy table that is not there would make it.
  const programs = ['iptables-save', ...(legacy.split('\n').includes('nat') ? ['iptables-legacy-save'] : [])];
  return Promise.all(programs.map((program) => runCommand(program, ['-t', 'nat']).catch(() => '')));
}
