import { lookup } from 'node:dns/promises';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { passwordIn } from '../config/mount-secret.ts';
import { BerthError, messageOf } from '../core/errors.ts';
import { parseMountTable, parseSwaps } from './mount-table.ts';
import { connectBriefly } from './mounts/connect-briefly.ts';
import { type NetworkLookups, networkOptions, whyAway } from './mounts/network-options.ts';
import type { HostCommands, Kernel, MountEntry, MountRequest } from './ports.ts';
import { runProgram } from './program-runner.ts';
import { devicePathOf } from './storage/device-node.ts';

/** Says which keymap was loaded: the kernel tells its keys only. In memory, so gone after a boot, as the keymap is. */
const loadedKeymapPath = '/run/berth/keymap';

/** The kernel this process runs on, by /proc, /sys and the usual programs. */
export class LinuxKernel implements Kernel {
  readonly #commands: HostCommands;

  constructor(commands: HostCommands) {
    this.#commands = commands;
  }

  async hostname(): Promise<string> {
    return (await readFile('/proc/sys/kernel/hostname', 'utf8')).trim();
  }

  async setHostname(name: string): Promise<void> {
    await writeFile('/proc/sys/kernel/hostname', name);
  }

  async sysctl(name: string): Promise<string | undefined> {
    const text = await readFile(sysctlPath(name), 'utf8').catch(() => undefined);
    return text?.trim();
  }

  async setSysctl(name: string, value: string): Promise<void> {
    await writeFile(sysctlPath(name), value).catch((error: unknown) => {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      const why = code === 'ENOENT' ? 'there is no such setting' : `the kernel refuses it (${code})`;
      throw new BerthError('HOST_REFUSED', `${name} cannot be set to ${value}: ${why}`, { cause: error });
    });
  }

  async hasModule(name: string): Promise<boolean> {
    if (await this.#isPresent(name)) return true;
    // An alias: its modules are what counts. Without modprobe(8) there are no aliases either.
    const { exitCode, stdout } = await this.#commands
      .run({ program: 'modprobe', args: ['--resolve-alias', name] })
      .catch(() => ({ exitCode: 1, stdout: '' }));
    const modules = exitCode === 0 ? stdout.split('\n').filter((line) => line !== '' && line !== name) : [];
    const present = await Promise.all(modules.map((module) => this.#isPresent(module)));
    return present.length > 0 && present.every(Boolean);
  }

  async loadModule(name: string): Promise<void> {
    await runProgram(this.#commands, { program: 'modprobe', args: ['--', name] });
  }

  async keymap(): Promise<string | undefined> {
    return await readFile(loadedKeymapPath, 'utf8').catch(() => undefined);
  }

  async loadKeymap(path: string): Promise<void> {
    // Its standard input is the only place where loadkmap reads a keymap.
    await runProgram(this.#commands, { program: 'sh', args: ['-c', 'exec loadkmap < "$1"', 'loadkmap', path] });
    await mkdir(dirname(loadedKeymapPath), { recursive: true });
    await writeFile(loadedKeymapPath, path);
  }

  async mounts(): Promise<readonly MountEntry[]> {
    return readMounts();
  }

  async mount(request: MountRequest): Promise<void> {
    const { source, target, type } = request;
    const isRemount = request.options.includes('remount');
    const options = isRemount ? request.options : await networkOptions(request, lookups);
    const isBind = options.includes('bind') || options.includes('rbind');
    const withType = type === 'auto' || type === 'none' || isBind ? [] : ['--types', type];
    const withOptions = options.length === 0 ? [] : ['--options', options.join(',')];
    const args = isRemount ? [...withOptions, target] : [...withType, ...withOptions, source, target];
    try {
      await runProgram(this.#commands, { program: 'mount', args });
    } catch (error) {
      const away = isRemount ? undefined : await whyAway({ ...request, options }, connectBriefly);
      // What else an error says of the command would say a password, too.
      const cause = options.some((option) => passwordIn(option) !== undefined) ? undefined : error;
      throw new BerthError('HOST_REFUSED', away ?? withoutAdvice(messageOf(error)), { cause, retryable: true });
    }
  }

  async unmount(target: string): Promise<void> {
    await runProgram(this.#commands, { program: 'umount', args: [target] });
  }

  async swaps(): Promise<readonly string[]> {
    const paths = parseSwaps(await readFile('/proc/swaps', 'utf8').catch(() => ''));
    return await Promise.all(paths.map(devicePathOf));
  }

  async swapOn(path: string, options: readonly string[]): Promise<void> {
    const withOptions = options.length === 0 ? [] : [`--options=${options.join(',')}`];
    await runProgram(this.#commands, { program: 'swapon', args: [...withOptions, path] });
  }

  async swapOff(path: string): Promise<void> {
    await runProgram(this.#commands, { program: 'swapoff', args: [path] });
  }

  async memoryBytes(): Promise<number> {
    const text = await readFile('/proc/meminfo', 'utf8');
    return Number(/^MemTotal:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
  }

  /** Loaded, or part of the kernel itself: only some of the latter are in /sys/module. */
  async #isPresent(name: string): Promise<boolean> {
    const file = name.replaceAll('-', '_');
    const isLoaded = await stat(join('/sys/module', file)).then(
      () => true,
      () => false,
    );
    if (isLoaded) return true;
    const builtIn = await readFile(join('/lib/modules', release(), 'modules.builtin'), 'utf8').catch(() => '');
    return builtIn.split('\n').some((line) => line.replace(/^.*\/|\.ko$/g, '').replaceAll('-', '_') === file);
  }
}

/** What is mounted now, in this process' namespace. */
export async function readMounts(): Promise<readonly MountEntry[]> {
  return parseMountTable(await readFile('/proc/self/mountinfo', 'utf8'));
}

/** mount(8) asks to look into the kernel's log, in a line of its own. */
function withoutAdvice(text: string): string {
  return text.replace(/\s*dmesg\(1\) may have more information.*$/s, '').trim();
}

const lookups: NetworkLookups = {
  address: async (server) => (await lookup(server)).address,
  text: async (path) => readFile(path, 'utf8'),
};

/** sysctl(8): the first separator tells which of `.` and `/` separates; the other one is part of a name. */
export function sysctlPath(name: string): string {
  const isSlashed = /^[^./]*\//.test(name);
  const path = isSlashed ? name : name.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'));
  return join('/proc/sys', path.replaceAll('..', ''));
}
