import { constants, readdirSync, readFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findSibling } from '../../../src/boot/boot-facts.ts';
import { EspMount } from '../../../src/boot/esp-mount.ts';
import { SystemdBoot } from '../../../src/boot/systemd-boot.ts';
import { runCommand } from '../../../src/engine/run-command.ts';
import { fetchSlot, kernelOf } from '../../../src/update/machine/fetch.ts';
import { Updater } from '../../../src/update/machine/updater.ts';
import { DirectorySource } from '../../../src/update/transfer/directory-source.ts';
import { alignedBlocks } from '../../../src/update/transfer/slot-file.ts';
import { blockBytes } from '../../../src/update/transfer/verity.ts';
import type { SmallRelease } from '../../support/crash/releases.ts';
import { openFirmware } from '../../support/open-firmware.ts';
import { markPrefix } from './update-marks.ts';

/** What runs in the VM: real updates of a small disk. Arguments: what to do, and the serial number of the disk. */

type Facts = Omit<SmallRelease, 'slot' | 'uki'>;
type Slot = 'berth-a' | 'berth-b';

const directory = import.meta.dirname;
const clock = {
  now: () => Date.now(),
  sleep: async (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms)),
};
const never = new AbortController().signal;
/** More than a release, less than its partition: marks lie behind it. */
const targetBytes = 2 ** 19;

const releases = JSON.parse(await readFile(join(directory, 'releases.json'), 'utf8')) as Facts[];

function diskWith(serial: string): string {
  const name = readdirSync('/sys/block').find((one) => {
    try {
      return readFileSync(`/sys/block/${one}/serial`, 'utf8') === serial;
    } catch {
      return false;
    }
  });
  if (name === undefined) throw new Error(`there is no disk ${serial}`);
  return `/dev/${name}`;
}

class SmallDisk {
  readonly #serial: string;
  readonly #anyPartition: string;

  constructor(serial: string) {
    this.#serial = serial;
    this.#anyPartition = `${diskWith(serial)}1`;
  }

  async partition(name: string): Promise<string> {
    return findSibling(this.#anyPartition, name);
  }

  async loader(): Promise<{ readonly mount: EspMount; readonly boot: SystemdBoot }> {
    const mount = new EspMount({
      device: await this.partition('berth-esp'),
      directory: `/run/crash-${this.#serial}`,
      run: async (command, args) => runCommand(command, args),
      clock,
    });
    return { mount, boot: new SystemdBoot(mount) };
  }

  async bring(running: Facts, from: Slot, next: Facts): Promise<void> {
    const { boot } = await this.loader();
    const updater = new Updater({
      running: { ...running, device: await this.partition(from) },
      target: { device: await this.partition(from === 'berth-a' ? 'berth-b' : 'berth-a'), bytes: targetBytes },
      loader: boot,
      writeSlot: async (order) => fetchSlot(order, clock),
      kernel: async (order, signal) =>
        kernelOf(
          order,
          {
            ...{ loader: boot, name: running.name, gate: openFirmware, clock },
            ...{ file: '/run/running-kernel', partDirectory: '/run/kernel-part' },
          },
          signal,
        ),
      isBlessed: () => true,
      rateLimit: () => undefined,
      onStaged: async ({ version }) => this.mark(`taken ${version}`),
      onStep: () => undefined,
      clock,
    });
    await updater.settle([]);
    if (updater.state.kind === 'idle') updater.take({ kind: 'look' });
    const source = {
      artifacts: new DirectorySource(directory),
      look: notAsked,
      manifest: notAsked,
      images: notAsked,
      close: () => undefined,
    };
    const { target, manifest } = next;
    const reason = { kind: 'boot' } as const;
    await updater.bring({ target, manifest, source, reason, onProgress: () => undefined }, never);
    await this.mark(`staged ${next.version}`);
  }

  /** As the firmware does when it boots it, and as the agent does then. */
  async bootAndBless({ name, version }: Facts): Promise<void> {
    await this.mark(`boots ${version}`);
    const { mount, boot } = await this.loader();
    const [from, to] = [`EFI/Linux/${name}+3.efi`, `EFI/Linux/${name}+2-1.efi`];
    await mount.use('rw', async (esp) => esp.rename(from, to));
    await boot.bless(name);
    await this.mark(`blessed ${version}`);
  }

  /** Tells the log of writes how far this is, by a write that flushes nothing. */
  async mark(text: string): Promise<void> {
    const { O_RDWR, O_DIRECT } = constants;
    const file = await open(await this.partition('berth-b'), O_RDWR | O_DIRECT);
    try {
      const block = alignedBlocks(1);
      block.set(Buffer.from(`${markPrefix}${text}\n`));
      await file.write(block, 0, blockBytes, targetBytes);
    } finally {
      await file.close();
    }
  }
}

async function notAsked(): Promise<never> {
  throw new Error('the repository is not asked here');
}

const release = (sequence: number): Facts => {
  const found = releases.find((one) => one.sequence === sequence);
  if (found === undefined) throw new Error(`there is no release ${sequence}`);
  return found;
};

const [what, serial = ''] = process.argv.slice(2);
const disk = new SmallDisk(serial);
if (what === 'two-updates') {
  await disk.bring(release(2), 'berth-a', release(3));
  await disk.bootAndBless(release(3));
  await disk.bring(release(3), 'berth-b', release(4));
} else if (what === 'from-a') await disk.bring(release(2), 'berth-a', release(3));
else if (what === 'from-b') await disk.bring(release(3), 'berth-b', release(4));
else throw new Error(`this program does not ${what}`);
process.stdout.write('done\n');
