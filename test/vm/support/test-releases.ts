import { copyFile, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from '../../../image/command.ts';
import { fetchPackages, prepareTools } from '../../../image/os/build.ts';
import { diskLayout, kernelCommandLine, osRelease, type VerityFacts } from '../../../image/os/layout.ts';
import { unpackPackages } from '../../../image/os/package-store.ts';
import { buildSlot } from '../../../image/os/slot.ts';
import type { Tools } from '../../../image/os/tools.ts';
import { buildUki, readUki, type UkiParts } from '../../../image/os/uki.ts';
import { initScript, withInit, writeDebugInitrd } from './debug-initrd.ts';
import { emulationArguments, testImage, testImageOptions } from './test-image.ts';

const blockBytes = 4096;
/** erofs leaves a disk's first 1024 bytes to boot loaders: they may hold anything, but the hash tree covers them. */
const unusedByte = 8;

/** A release of its own: other root hash, other version. */
export interface TestRelease {
  readonly version: string;
  readonly slot: VerityFacts & { readonly file: string };
  readonly uki: string;
  /** A byte of the slot that nobody reads and that no two releases have in common. */
  readonly unusedByte: number;
}

/** Makes releases out of the image under test: the same content but for a byte that nobody reads, with the test shell. */
export class TestReleases {
  /** Their files are in it until `close`. */
  readonly directory: string;
  readonly #tools: Tools;
  readonly #stub: Buffer;
  readonly #parts: UkiParts;
  #made = 0;

  private constructor(directory: string, tools: Tools, stub: Buffer, parts: UkiParts) {
    this.directory = directory;
    this.#tools = tools;
    this.#stub = stub;
    this.#parts = parts;
  }

  static async open(parent: string): Promise<TestReleases> {
    const directory = await mkdtemp(join(parent, 'releases-'));
    const image = testImage();
    const options = testImageOptions();
    const packages = await fetchPackages(options);
    const tools = await prepareTools(packages, directory, options.cacheDirectory);
    const stub = await findStub(await unpackPackages(packages.get('amd64/kernel-cloud') ?? [], options.cacheDirectory));
    await writeDebugInitrd(image.initrd, join(directory, 'initrd'));
    const parts = readUki(await readFile(join(dirname(image.disk), 'berth.efi')));
    return new TestReleases(directory, tools, stub, { ...parts, initrd: await readFile(join(directory, 'initrd')) });
  }

  /** What the image under test has in slot A. */
  async first(): Promise<TestRelease> {
    const { disk, commandLine } = testImage();
    const { version } = testImageOptions();
    const slot = { file: join(dirname(disk), 'usr.img'), ...factsIn(commandLine) };
    return { version, slot, unusedByte, uki: await this.#writeUki(version, { commandLine }) };
  }

  /** @param change parts of the kernel image that are not as usual. */
  async make(version: string, change: Partial<UkiParts> = {}): Promise<TestRelease> {
    this.#made += 1;
    const file = join(this.directory, `${version}.usr`);
    const { dataBlocks } = factsIn(testImage().commandLine);
    await copyFile(join(dirname(testImage().disk), 'usr.img'), file);
    await truncate(file, dataBlocks * blockBytes);
    const data = await open(file, 'r+');
    await data.write(Uint8Array.of(this.#made), 0, 1, unusedByte);
    await data.close();
    const { stdout } = await this.#tools.run('veritysetup', [
      ...['format', '--salt=-', `--data-blocks=${dataBlocks}`, `--hash-offset=${(await stat(file)).size}`],
      ...[file, file],
    ]);
    const rootHash = /^Root hash:\s*([0-9a-f]{64})$/m.exec(stdout)?.[1] ?? '';
    return this.#release(version, { file, rootHash, dataBlocks }, change);
  }

  /**
   * A release with other content.
   * @param alter changes what becomes /usr, in a directory of its own.
   */
  async makeChanged(version: string, alter: (usr: string) => Promise<void>): Promise<TestRelease> {
    const usr = join(this.directory, `${version}.tree`);
    await this.#tools.run('fsck.erofs', [`--extract=${usr}`, join(dirname(testImage().disk), 'usr.img')]);
    const epochSeconds = Number(await readFile(join(usr, 'lib/berth/epoch'), 'utf8'));
    await alter(usr);
    const file = join(this.directory, `${version}.usr`);
    const slot = await buildSlot({ usr, file, epochSeconds, fast: testImageOptions().fast, tools: this.#tools });
    await rm(usr, { recursive: true });
    return this.#release(version, slot);
  }

  /** The initrd with another script: the change is made to the image's own. It has no test shell then. */
  async initrdWith(change: (script: string) => string): Promise<Buffer> {
    return withInit(this.#parts.initrd, change(await readFile(initScript, 'utf8')));
  }

  /** The first block that a file takes of a slot. */
  async blockOf(slot: string, path: string): Promise<number> {
    const { stdout } = await this.#tools.run('dump.erofs', ['-e', `--path=${path}`, slot]);
    // `0: 0.. 65536 | 65536 : 12345.. 16384 | 4096`: where in the file, and after the colon where on the disk, in bytes.
    const start = /^\s*0:\s.*?:\s*(\d+)\.\./m.exec(stdout)?.[1];
    if (start === undefined) throw new Error(`dump.erofs does not say where ${path} is: ${stdout}`);
    return Number(start) / blockBytes;
  }

  /** A copy of the image under test whose kernel image has the test shell. */
  async firstDisk(disk: string): Promise<string> {
    await runCommand('cp', ['--sparse=always', '--reflink=auto', testImage().disk, disk]);
    const { uki, version } = await this.first();
    await this.putOnEsp(disk, uki, `berth_${version}.efi`);
    return disk;
  }

  /** Puts a kernel image among the boot loader's entries, or into another directory of the EFI partition. */
  async putOnEsp(disk: string, uki: string, name: string, directory = 'EFI/Linux'): Promise<void> {
    const start = diskLayout('amd64').partitions.find((one) => one.name === 'berth-esp')?.startBytes ?? 0;
    await this.#tools.run('mcopy', ['-o', '-i', `${disk}@@${start}`, uki, `::/${directory}/${name}`]);
  }

  async close(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  async #release(
    version: string,
    { file, rootHash, dataBlocks }: TestRelease['slot'],
    change: Partial<UkiParts> = {},
  ): Promise<TestRelease> {
    const commandLine = kernelCommandLine('amd64', { rootHash, dataBlocks });
    const release = osRelease({ version, architecture: 'amd64' });
    const uki = await this.#writeUki(version, { osRelease: release, commandLine, ...change });
    return { version, slot: { file, rootHash, dataBlocks }, uki, unusedByte };
  }

  async #writeUki(version: string, change: Partial<UkiParts>): Promise<string> {
    const file = join(this.directory, `${version}.efi`);
    const parts = { ...this.#parts, ...change };
    await writeFile(
      file,
      buildUki(this.#stub, { ...parts, commandLine: `${parts.commandLine} ${emulationArguments}` }),
    );
    return file;
  }
}

function factsIn(commandLine: string): VerityFacts {
  const [, rootHash = '', dataBlocks] = /berth\.usr=([0-9a-f]{64}):(\d+)/.exec(commandLine) ?? [];
  return { rootHash, dataBlocks: Number(dataBlocks) };
}

async function findStub(unpacked: ReadonlyMap<string, string>): Promise<Buffer> {
  for (const directory of unpacked.values()) {
    const stub = await readFile(join(directory, 'usr/lib/systemd/boot/efi/linuxx64.efi.stub')).catch(() => undefined);
    if (stub !== undefined) return stub;
  }
  throw new Error('no package of the kernel has linuxx64.efi.stub');
}
