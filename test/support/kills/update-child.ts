import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Esp, EspDirectory } from '../../../src/boot/esp.ts';
import type { EspAccess } from '../../../src/boot/esp-mount.ts';
import { SystemdBoot } from '../../../src/boot/systemd-boot.ts';
import { fetchSlot, kernelOf } from '../../../src/update/machine/fetch.ts';
import { Updater } from '../../../src/update/machine/updater.ts';
import { DirectorySource } from '../../../src/update/transfer/directory-source.ts';
import { openFirmware } from '../open-firmware.ts';
import type { KillSetting } from './update-kills.ts';

/** A process that updates a host of files. Arguments: its directory, and before which operation of the EFI partition it kills itself. */

const [directory = '', killAt = ''] = process.argv.slice(2);
const { running, next, slotBytes } = JSON.parse(await readFile(join(directory, 'setting.json'), 'utf8')) as KillSetting;
const clock = { now: () => Date.now(), sleep: async () => undefined };
let operations = 0;

function isReached(): void {
  operations += 1;
  if (killAt !== '' && operations === Number(killAt)) process.kill(process.pid, 'SIGKILL');
}

/** Counts what is asked of the partition. */
class CountedEsp implements EspAccess {
  readonly #esp: Esp = new Proxy<Esp>(new EspDirectory(join(directory, 'esp')), {
    get(esp, name) {
      const method: unknown = Reflect.get(esp, name);
      if (typeof method !== 'function') return method;
      return (...input: readonly unknown[]): unknown => {
        isReached();
        return Reflect.apply(method, esp, input);
      };
    },
  });

  async use<Result>(_mode: 'ro' | 'rw', work: (esp: Esp) => Promise<Result>): Promise<Result> {
    return work(this.#esp);
  }
}

const loader = new SystemdBoot(new CountedEsp());
const partDirectory = join(directory, 'kernel-part');
const updater = new Updater({
  running: { ...running, device: join(directory, 'slot-a') },
  target: { device: join(directory, 'slot-b'), bytes: slotBytes },
  loader,
  writeSlot: async (order) => fetchSlot(order, clock),
  kernel: async (order, signal) =>
    kernelOf(
      order,
      { loader, name: running.name, file: join(directory, 'running-kernel'), partDirectory, gate: openFirmware, clock },
      signal,
    ),
  isBlessed: () => true,
  rateLimit: () => undefined,
  onStaged: async () => undefined,
  onStep: ({ kind }) => void process.stdout.write(`${kind}\n`),
  clock,
});
await updater.settle([]);
if (updater.state.kind === 'idle') updater.take({ kind: 'look' });

async function notAsked(): Promise<never> {
  throw new Error('the repository is not asked here');
}

const { bytesFetched } = await updater.bring(
  {
    ...{ target: next.target, manifest: next.manifest, reason: { kind: 'boot' } },
    source: {
      artifacts: new DirectorySource(directory),
      look: notAsked,
      manifest: notAsked,
      images: notAsked,
      close: () => undefined,
    },
    onProgress: () => undefined,
  },
  new AbortController().signal,
);
process.stdout.write(`fetched ${bytesFetched}\noperations ${operations}\n`);
