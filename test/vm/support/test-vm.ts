import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../image/vm/free-port.ts';
import { type BootableImage, directBoot, plainVm } from '../../../image/vm/presets.ts';
import type { Accelerator } from '../../../image/vm/qemu-arguments.ts';
import { lastLines, plainLines } from '../../../image/vm/serial-text.ts';
import { closeApi, ensureSshKey, openApi, type SshTarget } from '../../../image/vm/ssh.ts';
import { killQemu, VirtualMachine } from '../../../image/vm/virtual-machine.ts';
import { vmFiles } from '../../../image/vm/vm-files.ts';
import type { Delivery, Seed, VmNetwork, VmSpec } from '../../../image/vm/vm-spec.ts';
import type { HostStatus } from '../../../src/agent/model.ts';
import { AgentClient } from '../../../src/cli/client.ts';
import { hostSocket } from '../../../src/cli/sockets.ts';
import { vmAccess } from '../../../src/cli/vm-access.ts';
import { sshPort } from '../../../src/cli/vm-host.ts';
import { writeDebugInitrd } from './debug-initrd.ts';
import { FirmwareWatch, firmwarePatienceMs } from './firmware-watch.ts';
import { testVmPrefix } from './reap.ts';
import { SerialShell } from './serial-shell.ts';
import { emulationArguments, testImage } from './test-image.ts';

/** For what a boot takes before it counts as dead: an emulated machine on a loaded one is slow. Milliseconds. */
export const bootLimitMs = 600_000;
/** For a jest test with one boot or two. */
export const testLimitMs = 2 * bootLimitMs;

const pollMs = 200;
/** How long a host that says nothing is left alone: an emulated machine takes seconds of its processor for each question. */
const silenceMs = 5000;
const defaultName = 'test';
const tailLines = 60;

/** How a test's VM differs from a plain one that is booted directly, on fast disks, with a network and a test shell. */
export type VmChange = Partial<Omit<VmSpec, 'name' | 'deliveries'>> & {
  readonly name?: string;
  readonly deliveries?: readonly Delivery[];
  /** A config as a NoCloud disk, with a key of the test's added. */
  readonly userData?: string;
  /** Another network for the host than its config has, beside the `userData`: a network-config. */
  readonly networkConfig?: string;
  /** What it boots; absent: the image under test. */
  readonly image?: BootableImage;
  /** TCP ports of the guest that can be reached from here, besides that of ssh. */
  readonly guestPorts?: readonly number[];
  /** The IPv6 network that the guest is in. */
  readonly ipv6Network?: string;
};

/** A VM whose deliveries bring the test's key themselves. */
export type KeyedVmChange = Omit<VmChange, 'userData' | 'networkConfig'> & {
  /** Who is let in with the key. */
  readonly loginUser: string;
};

/** A VM in a test. */
export class TestVm {
  vm: VirtualMachine;
  readonly #target: SshTarget | undefined;
  readonly #firmware = new FirmwareWatch();
  #shell: SerialShell | undefined;

  constructor(vm: VirtualMachine, target: SshTarget | undefined) {
    this.vm = vm;
    this.#target = target;
  }

  /** How ssh gets in with the test's key. */
  get target(): SshTarget {
    if (this.#target === undefined) throw new Error('this VM has no userData, and so no key that opens it');
    return this.#target;
  }

  /** The port of this machine's loopback that leads to one of `guestPorts`. */
  portTo(guestPort: number): number {
    const { network } = this.vm.spec;
    const forwards = network.kind === 'user' ? network.forwards : [];
    const forward = forwards.find((one) => one.guestPort === guestPort);
    if (forward === undefined) throw new Error(`no port leads to the guest's port ${guestPort}`);
    return forward.hostPort;
  }

  /** Starts QEMU; `until` waits for what comes then. */
  async start(accelerator: Accelerator = 'tcg'): Promise<void> {
    await this.vm.start(accelerator);
  }

  /** From the next start on, this is what the VM is given. */
  deliver(deliveries: readonly Delivery[]): void {
    this.vm = new VirtualMachine({ ...this.vm.spec, deliveries }, this.vm.files);
  }

  /** A command of QEMU's monitor. */
  async monitor(command: string, commandArguments: Readonly<Record<string, unknown>>): Promise<void> {
    const monitor = await this.vm.monitor();
    try {
      await monitor.execute(command, commandArguments);
    } finally {
      monitor.close();
    }
  }

  /** Waits until the condition gives something. Rejects with what it waited for when that takes too long or QEMU ended. */
  async until<T>(what: string, condition: () => Promise<T | undefined | false>, limitMs = bootLimitMs): Promise<T> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const found = await condition();
      if (found !== undefined && found !== false) return found;
      if ((await this.vm.process()) === undefined) throw new Error(`the VM ended; waiting for ${what}`);
      await this.#helpFirmware();
      if (performance.now() > deadline) throw new Error(`never in ${limitMs / 1000} s: ${what}`);
      await sleep(pollMs);
    }
  }

  /** Waits for a line on the console. @returns the match. */
  async line(pattern: RegExp, limitMs?: number): Promise<RegExpExecArray> {
    return this.until(
      `a line like ${pattern.source}`,
      async () => {
        for (const line of plainLines(await this.vm.serial())) {
          const match = pattern.exec(line);
          if (match !== null) return match;
        }
        return undefined;
      },
      limitMs,
    );
  }

  /** The root shell, once it answers. */
  async shell(): Promise<SerialShell> {
    this.#shell ??= await SerialShell.open(this.vm.files.secondSerialSocket, bootLimitMs);
    return this.#shell;
  }

  /** The API by way of ssh, as a person gets there; waits until the console lets the key in. */
  async client(): Promise<AgentClient> {
    let why = '';
    return this.until('an API by way of ssh', async () =>
      this.#connect().catch((error: unknown) => {
        why = String(error);
        return undefined;
      }),
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\nthe last try: ${why}`, { cause: error });
    });
  }

  /** One try; a way that is open already is used. */
  async #connect(): Promise<AgentClient> {
    return new AgentClient(await openApi(this.target, hostSocket));
  }

  /** Waits for a status, and rejects with the last one when it never comes, and with why there was none since. */
  async status(what: string, condition: (status: HostStatus) => boolean, limitMs = bootLimitMs): Promise<HostStatus> {
    const { target } = this;
    let last: HostStatus | undefined;
    let why = '';
    return this.until(
      what,
      async () => {
        try {
          last = await (await this.#connect()).status();
          why = '';
        } catch (error) {
          why = `\nnow it does not answer: ${String(error)}`;
          // The way leads through a service of the host: when that is another by now, only a new one leads anywhere.
          await closeApi(target);
          return undefined;
        }
        return condition(last) && last;
      },
      limitMs,
    ).catch((error: unknown) => {
      const seen = `the last status: ${JSON.stringify(last, null, 1)}`;
      throw new Error(`${String(error)}${why}\n${seen}`, { cause: error });
    });
  }

  /** Waits until so many lines on the console are like this. @returns all of them. */
  async lines(pattern: RegExp, count: number, limitMs?: number): Promise<string[]> {
    const what = `${count} lines like ${pattern.source}`;
    return this.until(
      what,
      async () => {
        const found = plainLines(await this.vm.serial()).filter((line) => pattern.test(line));
        return found.length >= count && found;
      },
      limitMs,
    );
  }

  /** Types on the serial console, as a person there does. */
  async type(text: string): Promise<void> {
    const socket = connect(this.vm.files.serialSocket);
    await once(socket, 'connect');
    socket.end(text);
    // The guest's port takes a few characters at a time: QEMU keeps the rest only while somebody is connected.
    socket.resume();
    await once(socket, 'close');
  }

  /**
   * The status, asked for in the root shell: for hosts that let nobody in by ssh. Asked for again when the console has said
   * something, or nothing for a while.
   */
  async statusInside(what: string, condition: (status: HostStatus) => boolean): Promise<HostStatus> {
    const shell = await this.shell();
    let last = '';
    let heard = '';
    let askAgain = 0;
    return this.until(what, async () => {
      const console = await this.vm.serial();
      if (console === heard && performance.now() < askAgain) return undefined;
      heard = console;
      // It fails for a host that is not well, too; when no agent answers, there is an error in its place.
      const { output } = await shell.run(`if [ -S ${hostSocket} ]; then berth status --json 2> /dev/null | cat; fi`);
      askAgain = performance.now() + silenceMs;
      last = output;
      const status = JSON.parse(output || '{}') as HostStatus | { readonly state?: undefined };
      return status.state !== undefined && condition(status) && status;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\nthe last status: ${last}`, { cause: error });
    });
  }

  /** The machine restarted, or is about to: what was connected to it is not any more. */
  async restarted(): Promise<void> {
    await this.#leave();
  }

  /** Presses the power button and waits for the end. Rejects when the host does not obey. */
  async powerOff(limitMs = bootLimitMs): Promise<void> {
    await this.#leave();
    if (!(await this.vm.powerOff(limitMs))) throw new Error(`it did not power off in ${limitMs / 1000} s`);
  }

  /** Ends QEMU. */
  async kill(): Promise<void> {
    await this.#leave();
    await this.vm.kill();
  }

  /** Presses the reset button when the firmware hangs. */
  async #helpFirmware(): Promise<void> {
    if (this.vm.spec.boot.kind !== 'uefi') return;
    if (!this.#firmware.isStuck(await this.vm.serial(), performance.now())) return;
    process.stderr.write(
      `the firmware of ${this.vm.spec.name} said nothing for ${firmwarePatienceMs / 1000} s: reset\n`,
    );
    await this.monitor('system_reset', {});
  }

  async #leave(): Promise<void> {
    this.#shell?.close();
    this.#shell = undefined;
    await closeApi({ files: this.vm.files });
  }
}

/**
 * Makes a VM, hands it to the test, and leaves nothing of it. An error of the test gets the end of the console's text.
 * @param change a function gets the public key that the test logs in with, and has it delivered.
 */
export async function withVm<T>(
  change: VmChange | ((publicKey: string) => Promise<KeyedVmChange>),
  test: (vm: TestVm) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(testVmPrefix());
  const files = vmFiles(directory);
  try {
    const made = await makeVm(change, directory);
    try {
      return await test(made);
    } catch (error) {
      const console = lastLines(await made.vm.serial(), tailLines);
      const text = error instanceof Error ? error.message : String(error);
      throw new Error(`${text}\n--- the console's last ${tailLines} lines ---\n${console}`, { cause: error });
    }
  } finally {
    await closeApi({ files });
    await killQemu(files);
    await rm(directory, { recursive: true, force: true });
  }
}

/** A directory for a test's own files, removed with the VMs when the test run crashes. */
export async function withDirectory<T>(test: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(testVmPrefix());
  try {
    return await test(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function makeVm(
  given: VmChange | ((publicKey: string) => Promise<KeyedVmChange>),
  directory: string,
): Promise<TestVm> {
  const files = vmFiles(directory);
  const change: VmChange & Partial<KeyedVmChange> =
    typeof given === 'function' ? await given(await ensureSshKey(files, defaultName)) : given;
  const { userData, networkConfig, image = testImage(), loginUser, guestPorts = [], ipv6Network, ...changes } = change;
  const initrd = join(directory, 'initrd');
  await writeDebugInitrd(image.initrd, initrd);
  const commandLine = `${image.commandLine} ${emulationArguments}`;
  const hostPort = await freePort();
  const name = change.name ?? defaultName;
  const forwards = [{ hostPort, guestPort: sshPort }];
  for (const guestPort of guestPorts) forwards.push({ hostPort: await freePort(), guestPort });
  const access = userData === undefined ? undefined : await seedWithKey(userData, name, directory);
  const network = networkConfig === undefined ? {} : { networkConfig };
  const user = access?.loginUser ?? loginUser;
  const asked: VmNetwork = changes.network ?? {
    kind: 'user',
    forwards: [],
    // Else it may ask the metadata service of the machine that the test runs on.
    isolated: change.deliveries?.some(({ kind }) => kind === 'metadata-service') === true,
    ...(ipv6Network === undefined ? {} : { ipv6Network }),
  };
  const spec: VmSpec = {
    ...plainVm(name, image.disk, directBoot({ ...image, initrd, commandLine })),
    writes: 'fast',
    secondSerial: true,
    ...changes,
    network: asked.kind === 'none' ? asked : { ...asked, forwards: [...asked.forwards, ...forwards] },
    deliveries: [
      ...(change.deliveries ?? []),
      ...(access === undefined ? [] : [{ kind: 'nocloud-vfat', seed: { ...access.seed, ...network } } as const]),
    ],
  };
  const vm = new VirtualMachine(spec, files);
  await vm.prepare();
  return new TestVm(vm, user === undefined ? undefined : { files, port: hostPort, user });
}

/** A seed as `berth up` makes one: the config as it is, and a key beside it. */
export async function seedWithKey(
  userData: string,
  name: string,
  directory: string,
): Promise<{ readonly seed: Seed; readonly loginUser: string }> {
  const publicKey = await ensureSshKey(vmFiles(directory), name);
  const access = vmAccess([{ file: 'user-data', text: userData }], publicKey);
  if (access === undefined) throw new Error('this config lets no further key in');
  const seed = { instanceId: `i-${name}`, userData, vendorData: access.vendorData, publicKeys: [publicKey] };
  return { seed, loginUser: access.loginUser };
}
