import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostFacts } from '../host-facts.ts';
import type { RunTool } from '../run-tool.ts';
import type { GuestValues } from '../seed-ports.ts';
import { isSaid } from './guest-seed.ts';
import { guestInfoNames, guestInfoPrefix, ovfEnvironmentName, xenNames, xenPrefix } from './guest-value-names.ts';
import { isOvfSeed } from './ovf-properties.ts';
import { XenStore } from './xen-store.ts';

/** The kernel's way to Xen's store, where there is one. */
const xenDevice = '/dev/xen/xenbus';

/** The values that this host's hypervisor has for it: asked for by VMware's own program, or by Xen's device. */
export class HostGuestValues implements GuestValues {
  readonly #run: RunTool;
  readonly #root: string;

  /** @param root another root directory in tests. */
  constructor(run: RunTool, root = '/') {
    this.#run = run;
    this.#root = root;
  }

  /** The names of those that there are. No hypervisor but the one that the machine tells of is asked. */
  async names({ dmi }: Pick<HostFacts, 'dmi'>, signal: AbortSignal): Promise<string[]> {
    if (/vmware/i.test(dmi.product_name ?? '')) return this.#present(guestInfoPrefix, guestInfoNames, signal);
    const type = await readFile(join(this.#root, '/sys/hypervisor/type'), 'utf8').catch(() => '');
    return type.trim() === 'xen' ? this.#present(xenPrefix, xenNames, signal) : [];
  }

  async read(name: string, signal: AbortSignal): Promise<string | undefined> {
    if (!name.startsWith(guestInfoPrefix)) return this.#readXen(name);
    // Where there is none, the program fails and says so; where it cannot ask, there is none to be had either.
    const text = await this.#run('vmware-rpctool', [`info-get ${name}`], signal).catch(() => undefined);
    signal.throwIfAborted();
    return text?.replace(/\n$/, '');
  }

  async #present(prefix: string, names: readonly string[], signal: AbortSignal): Promise<string[]> {
    const found: string[] = [];
    for (const name of names.map((each) => `${prefix}${each}`)) {
      const text = await this.read(name, signal).catch(() => undefined);
      if (text === undefined || !isSaid(text)) continue;
      if (name !== `${guestInfoPrefix}${ovfEnvironmentName}` || isOvfSeed(text)) found.push(name);
    }
    return found;
  }

  async #readXen(path: string): Promise<string | undefined> {
    const file = await open(join(this.#root, xenDevice), 'r+');
    try {
      const store = new XenStore({
        async write(bytes) {
          await file.write(bytes);
        },
        async read(length) {
          const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, null);
          return buffer.subarray(0, bytesRead);
        },
      });
      return await store.read(path);
    } finally {
      await file.close();
    }
  }
}
