import { spawn } from 'node:child_process';
import { closeApi, sshArguments } from '../../../image/vm/ssh.ts';
import { findQemu, killQemu, type VirtualMachine } from '../../../image/vm/virtual-machine.ts';
import { BerthError } from '../../core/errors.ts';
import type { Cli, Command } from '../context.ts';
import { attendConsole } from '../serial-console.ts';
import { table } from '../text.ts';
import { defaultVmName, openVm, sshPort, sshTarget, vmSocket, vmStore } from '../vm-host.ts';

const stopSeconds = 90;

/** What `berth vm list` tells of a VM. */
export interface VmRow {
  readonly name: string;
  readonly state: 'running' | 'stopped';
  readonly release: string;
  readonly memoryMebibytes: number;
  readonly cpus: number;
  /** On this machine's loopback; null without a network. */
  readonly sshPort: number | null;
  readonly loginUser: string | null;
  readonly pid: number | null;
  readonly directory: string;
}

/** `berth vm list`. */
export const list: Command = async (cli) => {
  const store = vmStore(cli.context);
  const rows: VmRow[] = [];
  for (const name of await store.names()) {
    const stored = await store.find(name);
    if (stored === undefined) continue;
    const { spec, release, loginUser = null } = stored;
    const pid = (await findQemu(store.files(name)))?.pid ?? null;
    const forwards = spec.network.kind === 'user' ? spec.network.forwards : [];
    rows.push({
      name,
      state: pid === null ? 'stopped' : 'running',
      release,
      memoryMebibytes: spec.memoryMebibytes,
      cpus: spec.cpus,
      sshPort: forwards.find(({ guestPort }) => guestPort === sshPort)?.hostPort ?? null,
      loginUser,
      pid,
      directory: store.files(name).directory,
    });
  }
  if (cli.flags.json === true) cli.printJson(rows);
  else if (rows.length === 0) cli.print(`No VMs. ${cli.context.program} up makes one.`);
  else cli.print(renderVms(rows, cli));
  return 0;
};

/** `berth vm ssh NAME [COMMAND…]`. The exit code is ssh's: the command's, or 255. */
export const ssh: Command = async ({ context }, [name = defaultVmName, ...words]) => {
  const target = sshTarget(await openVm(context, name));
  const command = words[0] === '--' ? words.slice(1) : words;
  const child = spawn('ssh', [...sshArguments(target), ...command], { stdio: 'inherit' });
  return new Promise<number>((resolve, reject) => {
    child.once('error', (cause) => reject(new BerthError('UNSUPPORTED', 'cannot run ssh', { cause })));
    child.once('close', (code) => resolve(code ?? 255));
  });
};

/** `berth vm console NAME`. */
export const console: Command = async ({ context }, [name = defaultVmName]) => {
  const { vm } = await openVm(context, name);
  if (context.stdin.isTTY === true) context.stderr.write(`console of ${name}; Ctrl-] leaves it\n`);
  await attendConsole(vm.files.serialSocket, context);
  return 0;
};

/** `berth vm api NAME`: opens the way to the API, and prints the socket. */
export const api: Command = async (cli, [name = defaultVmName]) => {
  const socket = await vmSocket(cli.context, name);
  if (cli.flags.json === true) cli.printJson({ name, socket });
  else cli.print(socket);
  return 0;
};

/** `berth vm stop NAME`, and `berth down`. */
export const stop: Command = async (cli, [name = defaultVmName]) => {
  const { vm } = await openVm(cli.context, name);
  const outcome = await stopVm(cli, vm);
  const words = {
    stopped: `${name} did not run`,
    'powered-off': `${name} is off; its disk stays in ${vm.files.directory}`,
    killed: `${name} did not power off in time and was ended`,
  };
  if (cli.flags.json === true) cli.printJson({ name, outcome });
  else cli.print(words[outcome]);
  return 0;
};

/** `berth vm rm NAME…`: with its disks. */
export const remove: Command = async (cli, names) => {
  const store = vmStore(cli.context);
  for (const name of names) {
    // A VM that was half made, or whose record is broken, has no spec, but files to remove.
    if (!(await store.names()).includes(name)) await store.get(name);
    const files = store.files(name);
    if ((await findQemu(files)) !== undefined && cli.flags.force !== true) {
      throw new BerthError('BUSY', `${name} runs`, {
        hint: `${cli.context.program} vm stop ${name} first, or ${cli.context.program} vm rm ${name} --force`,
      });
    }
    await closeApi({ files });
    await killQemu(files);
    await store.remove(name);
    if (cli.flags.json !== true) cli.print(`${name} is removed`);
  }
  if (cli.flags.json === true) cli.printJson({ removed: names });
  return 0;
};

/** Presses the power button; a VM that does not obey in time is ended. */
async function stopVm({ context, flags }: Cli, vm: VirtualMachine): Promise<'stopped' | 'powered-off' | 'killed'> {
  await closeApi({ files: vm.files });
  if ((await vm.process()) === undefined) return 'stopped';
  if (flags.force !== true && (await vm.powerOff((flags.timeout ?? stopSeconds) * 1000, context.signal)))
    return 'powered-off';
  await vm.kill();
  return 'killed';
}

function renderVms(rows: readonly VmRow[], { style }: Cli): string {
  return table(
    ['NAME', 'STATE', 'RELEASE', 'MEMORY', 'CPUS', 'SSH PORT', 'LOGIN'],
    rows.map((row) => [
      row.name,
      row.state === 'running' ? style.good(row.state) : style.dim(row.state),
      row.release,
      `${row.memoryMebibytes} MiB`,
      String(row.cpus),
      String(row.sshPort ?? ''),
      row.loginUser ?? '',
    ]),
  );
}
