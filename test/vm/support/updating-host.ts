import { join } from 'node:path';
import { findFirmware } from '../../../image/vm/requirements.ts';
import { plainLines } from '../../../image/vm/serial-text.ts';
import type { HostStatus } from '../../../src/agent/model.ts';
import type { UpdateEnd } from '../../../src/update/machine/update-status.ts';
import type { OsEvent, OsStatus } from '../../../src/update/os-status.ts';
import { ReleaseRepository } from './release-repository.ts';
import { type TestRelease, TestReleases } from './test-releases.ts';
import { bootLimitMs, type TestVm, type VmChange, withDirectory, withVm } from './test-vm.ts';

/** Of the host's disk. */
export const hostDiskBytes = 8 * 2 ** 30;

/** How a host that takes releases differs from one that is told to, each time. */
export interface UpdatingHostChange {
  /** Default: the repository's address. */
  readonly feed?: string;
  /** `berth.update.strategy`; default: `off`. */
  readonly strategy?: 'off' | 'immediate' | 'staged' | 'window' | 'permit';
  /** More of `berth.update`: lines that begin with four spaces. */
  readonly update?: string;
  /** `berth.update.health`, as YAML in one line. */
  readonly health?: string;
  /** More of `berth`: lines that begin with two spaces. */
  readonly berth?: string;
  readonly vm?: VmChange;
}

/** A host on the image under test, and where it gets releases from. */
export class UpdatingHost {
  readonly vm: TestVm;
  /** What it runs at first. */
  readonly first: TestRelease;
  #boots = { a: 0, b: 0 };

  constructor(vm: TestVm, first: TestRelease) {
    this.vm = vm;
    this.first = first;
  }

  /** Starts it, on the first release. */
  async start(): Promise<void> {
    await this.vm.start();
    // Not before: what is typed for the shell would be typed into the boot loader's menu.
    await this.comesUpIn('a');
    await this.vm.statusInside('a healthy host', isHealthy);
  }

  /** Waits until it is well, on the first release: whatever a test before this one left. */
  async settle(): Promise<void> {
    await this.vm.until('a healthy host on its first release', async () => {
      const status = await this.vm.statusInside('a healthy host', isHealthy);
      return status.machine?.release?.version === this.first.version;
    });
    const serial = await this.vm.vm.serial();
    this.#boots = { a: bootsOf(serial, 'a'), b: bootsOf(serial, 'b') };
  }

  /** How often it came up from that slot. */
  async boots(slot: 'a' | 'b'): Promise<number> {
    return bootsOf(await this.vm.vm.serial(), slot);
  }

  /** Lines of the console that match. */
  async shown(pattern: RegExp): Promise<readonly string[]> {
    return plainLines(await this.vm.vm.serial()).filter((line) => pattern.test(line));
  }

  /** Waits until the initrd has mounted that slot, once more than before. */
  async comesUpIn(slot: 'a' | 'b', limitMs?: number): Promise<void> {
    await this.vm.restarted();
    this.#boots[slot] += 1;
    await this.vm.lines(mounted(slot), this.#boots[slot], limitMs);
  }

  /** Waits until it runs the release from slot b, and keeps it. */
  async keeps({ version }: TestRelease): Promise<void> {
    await this.comesUpIn('b');
    await this.vm.line(new RegExp(`^berth: os: ${version.replaceAll('.', '[.]')} is blessed`));
    await this.vm.statusInside('a healthy host on the new release', isHealthy);
    expectToBe(await this.status(), version, 'b');
  }

  /** Waits until it is back on its first release, well, and knows why. @returns what its history says of the other one. */
  async isBackFrom({ version }: TestRelease, limitMs?: number): Promise<OsEvent> {
    await this.comesUpIn('a', limitMs);
    await this.vm.statusInside('a healthy host on the release before', isHealthy);
    const rejected = await this.vm.until(`the story of ${version}`, async () =>
      (await this.history()).find((event) => event.kind === 'rejected' && event.version === version),
    );
    expectToBe(await this.status(), this.first.version, 'a');
    return rejected;
  }

  /** `berth os …`. */
  async os(command: string): Promise<string> {
    return (await this.vm.shell()).output(`berth os ${command}`, bootLimitMs);
  }

  /** `berth os …`, whether it succeeds or not. */
  async tryOs(command: string): Promise<{ readonly exitCode: number; readonly output: string }> {
    return (await this.vm.shell()).run(`berth os ${command}`, bootLimitMs);
  }

  async json<Value>(command: string): Promise<Value> {
    return JSON.parse(await this.os(`${command} --json`)) as Value;
  }

  async status(): Promise<OsStatus> {
    return this.json('status');
  }

  /** Newest first. */
  async history(): Promise<readonly OsEvent[]> {
    return this.json('history');
  }

  /** `berth os update`. When it fails, the error also tells what the kernel had to say of it. */
  async update(options = ''): Promise<UpdateEnd> {
    const { exitCode, output } = await this.tryOs(`update --json ${options}`);
    const last = output.trimEnd().split('\n').at(-1) ?? '';
    if (exitCode === 0) return JSON.parse(last) as UpdateEnd;
    const log = await (await this.vm.shell()).output('dmesg --level emerg,alert,crit,err,warn | tail -n 20');
    throw new Error(`"berth os update ${options}" ended with ${exitCode}: ${last}\nThe kernel’s log:\n${log}`);
  }

  /** Names of the files that the boot loader sees. */
  async entries(): Promise<string[]> {
    return (await this.status()).entries.map(({ file }) => file).toSorted();
  }

  async restart(): Promise<void> {
    await (await this.vm.shell()).output('sync; /usr/lib/berth/power reboot &');
    await this.vm.restarted();
  }
}

/** Where the releases of a test come from. */
export interface ReleaseWorks {
  readonly releases: TestReleases;
  readonly repository: ReleaseRepository;
  /** For other files of the test. */
  readonly directory: string;
}

/** A place to make releases in, and a repository to publish them, that are gone afterwards. */
export async function withReleases<T>(test: (works: ReleaseWorks) => Promise<T>): Promise<T> {
  return withDirectory(async (directory) => {
    const releases = await TestReleases.open(directory);
    const repository = await ReleaseRepository.create(join(directory, 'www'));
    try {
      return await test({ releases, repository, directory });
    } finally {
      await repository.close();
      await releases.close();
    }
  });
}

/** Starts a host on the image under test, which takes releases of that repository, and waits until it is well. */
export async function withUpdatingHost<T>(
  works: ReleaseWorks,
  change: UpdatingHostChange,
  test: (host: UpdatingHost) => Promise<T>,
): Promise<T> {
  const base = await works.releases.firstDisk(join(works.directory, 'host.raw'));
  const vm = {
    ...(await updatingVm(works, change)),
    disk: { base, baseFormat: 'raw', sizeBytes: hostDiskBytes, bus: 'virtio' },
  } as const;
  const first = await works.releases.first();
  return withVm(vm, async (made) => {
    const host = new UpdatingHost(made, first);
    await host.start();
    return test(host);
  });
}

/** A machine with firmware, whose config names the repository; it has no disk yet. */
export async function updatingVm(works: ReleaseWorks, change: UpdatingHostChange): Promise<VmChange> {
  // Without a key of its own for each machine, which would be another config.
  const seed = { instanceId: 'i-updated', userData: await updatingConfig(works, change) };
  return {
    deliveries: [{ kind: 'nocloud-vfat', seed }],
    boot: { kind: 'uefi', ...findFirmware('amd64') },
    ...change.vm,
  };
}

/** The config of such a machine. */
export async function updatingConfig(
  { repository }: ReleaseWorks,
  { feed = repository.guestUrl, strategy = 'off', update = '', health, berth = '' }: UpdatingHostChange,
): Promise<string> {
  return `#cloud-config
hostname: updated
berth:
  update:
    feed: ${feed}
    channel: edge
    strategy: ${strategy}
    root: '${await repository.root()}'
${update}${health === undefined ? '' : `    health: ${health}\n`}${berth}`;
}

/** A host that several tests use, one after the other. */
export interface SharedHost {
  readonly works: ReleaseWorks;
  readonly host: UpdatingHost;
  readonly close: () => Promise<void>;
}

/** {@link withUpdatingHost} for a file's `beforeAll`; its `afterAll` closes it. */
export async function openUpdatingHost(change: UpdatingHostChange): Promise<SharedHost> {
  const opened = Promise.withResolvers<Omit<SharedHost, 'close'>>();
  const closing = Promise.withResolvers<undefined>();
  const whole = withReleases(async (works) =>
    withUpdatingHost(works, change, async (host) => {
      opened.resolve({ works, host });
      await closing.promise;
    }),
  );
  whole.catch(opened.reject);
  return {
    ...(await opened.promise),
    close: async () => {
      closing.resolve(undefined);
      await whole;
    },
  };
}

const mounted = (slot: 'a' | 'b'): RegExp => new RegExp(`^berth: slot ${slot} on`);

function bootsOf(serial: string, slot: 'a' | 'b'): number {
  return plainLines(serial).filter((line) => mounted(slot).test(line)).length;
}

export const isHealthy = ({ state }: HostStatus): boolean => state === 'healthy';

function expectToBe(status: OsStatus, version: string, slot: 'a' | 'b'): void {
  if (status.version !== version || status.slot !== slot || status.bless.kind !== 'blessed')
    throw new Error(`not ${version}, blessed, in slot ${slot}: ${JSON.stringify(status, null, 1)}`);
}
