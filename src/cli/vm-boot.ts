import { bootMessages, lastLines } from '../../image/vm/serial-text.ts';
import { sshCommandLine } from '../../image/vm/ssh.ts';
import type { HostStatus } from '../agent/model.ts';
import { BerthError, isBerthError } from '../core/errors.ts';
import { settledStates } from '../services/status.ts';
import type { Cli } from './context.ts';
import { renderStatus } from './status-text.ts';
import { sshTarget, type VmHandle, vmClient } from './vm-host.ts';

const bootSeconds = 600;
const pollMs = 500;
/** A degraded host whose services stay as they are for this long needs a person. */
const patienceMs = 60_000;

/**
 * Waits until the host in a VM is healthy; meanwhile tells what its console says. Without a key that opens it, it does not wait.
 * @returns false when it answers but is not healthy within the time, or degraded for a minute without any change. Throws
 * AGENT_UNREACHABLE with the end of the console's text when it never answered, CANCELLED when QEMU ended or a person stopped
 * waiting.
 */
export async function awaitHost(cli: Cli, handle: VmHandle, report: (detail: string) => void): Promise<boolean> {
  const { context, flags } = cli;
  const { stored, vm } = handle;
  const { name } = vm.spec;
  if (stored.loginUser === undefined) return true;
  const deadline = context.clock.now() + (flags.timeout ?? bootSeconds) * 1000;
  let status: HostStatus | undefined;
  let states = '';
  let changedAt = context.clock.now();
  // A question may take long to fail; what the console says meanwhile is shown all the same.
  let asking: Promise<void> | undefined;
  while (context.clock.now() < deadline) {
    asking ??= ask(cli, name).then((answer) => {
      status = answer;
      asking = undefined;
    });
    // When nobody waits any more, nobody wants to know.
    asking.catch(() => undefined);
    await Promise.race([asking, context.clock.sleep(pollMs, context.signal).catch(() => undefined)]);
    if (status?.state === 'healthy') return true;
    const now = status?.services.map(({ name: service, state }) => `${service} ${state}`).join() ?? '';
    if (now !== states) changedAt = context.clock.now();
    states = now;
    if (status?.state === 'degraded' && context.clock.now() - changedAt >= patienceMs) return false;
    const console = await vm.serial();
    report(status === undefined ? (bootMessages(console).at(-1) ?? '') : progressOf(status));
    if ((await vm.process()) === undefined)
      throw new BerthError('CANCELLED', `${name} ended:\n${lastLines(console, 12)}`);
    await context.clock.sleep(pollMs, context.signal).catch((cause: unknown) => {
      const hint = `it goes on booting: ${context.program} --vm ${name} status`;
      throw new BerthError('CANCELLED', `stopped waiting for ${name}`, { cause, hint });
    });
  }
  if (status !== undefined) return false;
  const said = lastLines(await vm.serial(), 12);
  throw new BerthError('AGENT_UNREACHABLE', `${name} does not answer; its console says:\n${said}`, {
    hint: `it goes on booting: ${context.program} vm logs -f ${name}, ${context.program} vm console ${name}`,
  });
}

/** The host in a running VM, and the ways to it. */
export async function describeVm(cli: Cli, handle: VmHandle): Promise<string> {
  const { context, style } = cli;
  const { stored, vm } = handle;
  const { name } = vm.spec;
  const { program } = context;
  const lines: string[] = [];
  const hints: (readonly [string, string])[] = [];
  if (stored.loginUser === undefined) {
    lines.push(
      `${name} boots. Nobody in its config has the key that ${program} up made, so nothing is known of it from here.`,
    );
  } else {
    const client = await vmClient(context, name);
    lines.push(renderStatus(await client.status(), context.clock.now(), style));
    lines.push(`SSH: ${sshCommandLine(sshTarget(handle))}`);
    lines.push(`API: unix socket ${client.socketPath} (GET /v1/openapi.json)`);
    hints.push([`${program} --vm ${name} status`, 'this table; --vm goes with every command']);
    hints.push([`${program} vm ssh ${name}`, 'log in']);
  }
  hints.push([`${program} vm console ${name}`, 'its serial console']);
  hints.push([`${program} down ${name}`, 'power it off']);
  const width = Math.max(...hints.map(([line]) => line.length));
  return [...lines, hints.map(([line, meaning]) => `  ${line.padEnd(width)}  ${style.dim(meaning)}`).join('\n')].join(
    '\n\n',
  );
}

async function ask({ context }: Cli, name: string): Promise<HostStatus | undefined> {
  try {
    return await (await vmClient(context, name)).status();
  } catch (error) {
    if (isBerthError(error, 'AGENT_UNREACHABLE')) return undefined;
    throw error;
  }
}

function progressOf({ services }: HostStatus): string {
  const settled = services.filter(({ state }) => settledStates.has(state)).length;
  return `${settled} of ${services.length} services are up`;
}
