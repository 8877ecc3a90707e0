import type { Clock } from '../core/clock.ts';
import { BerthError, messageOf } from '../core/errors.ts';
import { isDevice } from './mounts/plan.ts';
import type { BlockDevice, HostPorts, Kernel, MountRequest } from './ports.ts';
import type { HostStep, HostStepKind, HostStepOf } from './step.ts';
import { LuksSteps } from './storage/luks-steps.ts';
import { describeSignature, isFilesystem, isReplaceable } from './storage/signature.ts';

/** A partition or array that was just made needs a moment to be there. */
const appearanceMs = 10_000;
const lookAgainMs = 100;

type Actions = { readonly [K in HostStepKind]: (step: HostStepOf<K>, signal: AbortSignal) => Promise<void> };

/**
 * Carries out steps. Each is safe to repeat, and those that destroy look again before they do.
 * Throws BerthError: HOST_REFUSED, UNSUPPORTED, DISK_FULL, NOT_FOUND (a device that is not there; retryable).
 */
export class HostExecutor {
  readonly #ports: HostPorts;
  readonly #clock: Clock;
  readonly #actions: Actions;

  constructor(ports: HostPorts, clock: Clock) {
    this.#ports = ports;
    this.#clock = clock;
    this.#actions = this.#table();
  }

  async execute(step: HostStep, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#dispatch(step, signal);
  }

  async #dispatch<K extends HostStepKind>(
    step: HostStepOf<K> & { readonly kind: K },
    signal: AbortSignal,
  ): Promise<void> {
    await this.#actions[step.kind](step, signal);
  }

  #table(): Actions {
    const { files, blockDevices } = this.#ports;
    const luks = new LuksSteps(this.#ports, (device, signal) => this.#appearance(device, signal));
    return {
      'write-file': ({ path, contentBase64, ownership, ownsParents }) =>
        files.write(
          path,
          Buffer.from(contentBase64, 'base64'),
          ownership,
          ownsParents === true ? ownership : undefined,
        ),
      'remove-file': ({ path }) => files.remove(path),
      'remove-tree': ({ path }) => files.removeTree(path),
      'make-link': async ({ path, target, owner }) => {
        await files.makeLink(path, target);
        if (owner !== undefined) await files.ownLink(path, owner);
      },
      'make-hard-link': ({ path, target }) => files.makeHardLink(path, target),
      'fetch-content': async ({ content, path, limits }, signal) => {
        const { fetcher } = this.#ports;
        if (fetcher === undefined) throw new BerthError('UNSUPPORTED', 'nothing is fetched here');
        const bytes = await fetcher.fetch(content, limits, signal);
        await files.write(path, bytes, { mode: 0o600, uid: 0, gid: 0 });
      },
      'make-directory': async ({ path, ownership, skeleton }) => {
        await files.makeDirectory(path, ownership);
        if (skeleton !== undefined) await files.copyDirectory(skeleton, path, ownership);
      },
      'set-hostname': ({ name }) => this.#kernel.setHostname(name),
      'stage-kernel-arguments': async ({ text }) => {
        const { kernelArguments } = this.#ports;
        if (kernelArguments === undefined) throw new BerthError('UNSUPPORTED', 'no boot loader is told anything here');
        await kernelArguments.stage(text);
      },
      'load-module': ({ name }) => this.#kernel.loadModule(name),
      'load-keymap': ({ path }) => this.#kernel.loadKeymap(path),
      'set-sysctl': ({ name, value }) => this.#kernel.setSysctl(name, value),
      'partition-disk': ({ device, script }, signal) => blockDevices.partition(device, script, signal),
      'change-partitions': ({ device, changes }, signal) => blockDevices.changePartitions(device, changes, signal),
      'create-array': ({ array }, signal) => blockDevices.createArray(array, signal),
      'assemble-array': ({ name, devices }, signal) => blockDevices.assembleArray(name, devices, signal),
      'make-key': (step) => luks.makeKey(step),
      'encrypt-device': (step, signal) => luks.encrypt(step, signal),
      'open-luks': (step, signal) => luks.open(step, signal),
      'make-filesystem': (step, signal) => this.#makeFilesystem(step, signal),
      'grow-partition': ({ disk, number }, signal) => blockDevices.growPartition(disk, number, signal),
      'grow-filesystem': ({ device, type, mountPoint }, signal) =>
        blockDevices.growFilesystem(device, type, mountPoint, signal),
      mount: ({ mount }, signal) => this.#mount(mount, signal),
      'mount-anew': async ({ mount, unmountFirst }, signal) => {
        if (!unmountFirst) return this.#kernel.mount({ ...mount, options: ['remount', ...mount.options] });
        await this.#unmount(mount.target);
        await this.#mount(mount, signal);
      },
      unmount: ({ target }) => this.#unmount(target),
      'make-swap-file': async ({ path, sizeBytes }, signal) => {
        await files.allocate(path, sizeBytes, signal);
        await blockDevices.makeFilesystem(path, { type: 'swap', options: [] }, signal);
      },
      'swap-on': async ({ path, options }, signal) => this.#kernel.swapOn(await this.#node(path, signal), options),
      'swap-off': ({ path }) => this.#kernel.swapOff(path),
      'run-task': async ({ task }, signal) => {
        const { tasks } = this.#ports;
        if (tasks === undefined) throw new BerthError('UNSUPPORTED', 'nothing is run below a directory');
        await tasks.run(task, signal);
      },
    };
  }

  get #kernel(): Kernel {
    const { kernel } = this.#ports;
    if (kernel === undefined) throw new BerthError('UNSUPPORTED', 'a directory tree has no running kernel');
    return kernel;
  }

  /** What became of the device since the plan was made counts: a file system that is as wanted stays. */
  async #makeFilesystem(
    { device, request, overwrite, replaces }: HostStepOf<'make-filesystem'>,
    signal: AbortSignal,
  ): Promise<void> {
    const { signature } = await this.#appearance(device, signal);
    if (isFilesystem(signature, request) && !overwrite) return;
    const held = describeSignature(signature);
    if (held !== undefined && !overwrite && !isReplaceable(signature, replaces)) {
      throw new BerthError('HOST_REFUSED', `${device} holds ${held}, which nothing says may be lost`, {
        hint: 'say "overwrite: true" if it may',
      });
    }
    await this.#ports.blockDevices.makeFilesystem(device, request, signal);
  }

  async #mount(mount: MountRequest, signal: AbortSignal): Promise<void> {
    const source = await this.#node(mount.source, signal);
    const isThere = await this.#ports.files.exists(mount.target);
    if (!isThere) await this.#ports.files.makeDirectory(mount.target, { mode: 0o755, uid: 0, gid: 0 });
    await this.#kernel.mount({ ...mount, source });
  }

  async #unmount(target: string): Promise<void> {
    await this.#kernel.unmount(target).catch((cause: unknown) => {
      if (!/busy/.test(messageOf(cause))) throw cause;
      const advice = 'stop the services that use it, or restart the host';
      throw new BerthError('HOST_REFUSED', `${target} is in use, so it stays as it is mounted: ${advice}`, {
        cause,
        retryable: true,
      });
    });
  }

  /** The path of a device once it is there: mount(8) knows none of udev's names here. Other sources stay. */
  async #node(source: string, signal: AbortSignal): Promise<string> {
    return isDevice(source) ? (await this.#appearance(source, signal)).path : source;
  }

  async #appearance(device: string, signal: AbortSignal): Promise<BlockDevice> {
    const deadline = this.#clock.now() + appearanceMs;
    for (;;) {
      const found = await this.#ports.blockDevices.look(device);
      if (found !== undefined) return found;
      if (this.#clock.now() >= deadline) {
        throw new BerthError('NOT_FOUND', `${device} is not there`, { retryable: true, hint: 'check its name: lsblk' });
      }
      await this.#clock.sleep(lookAgainMs, signal);
    }
  }
}
