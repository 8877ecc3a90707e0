import { writeFile } from 'node:fs/promises';
import { type DhcpClient, replaceFile } from './dhcp-client.ts';
import { ipCommands } from './ip-commands.ts';
import { acceptRaPath } from './observe.ts';
import type { RunProgram } from './run-program.ts';
import type { NetworkAction } from './steps.ts';

/** Carries out one step. Rejects with a plain Error that says what the program said. */
export async function executeNetworkStep(
  action: NetworkAction,
  deps: { readonly run: RunProgram; readonly dhcp: DhcpClient; readonly resolvConf: string },
  signal: AbortSignal,
): Promise<void> {
  const { run, dhcp, resolvConf } = deps;
  switch (action.kind) {
    case 'refuse-ra':
      return writeFile(acceptRaPath(action.link), '0');
    case 'start-dhcp':
      return dhcp.start(action.config, signal);
    case 'reload-dhcp':
      return dhcp.reload(action, signal);
    case 'stop-dhcp':
      return dhcp.stop(action.release, signal);
    case 'write-resolv-conf':
      return replaceFile(resolvConf, action.text, 0o644);
    default:
      for (const args of ipCommands(action)) await run('ip', args, { signal });
  }
}
