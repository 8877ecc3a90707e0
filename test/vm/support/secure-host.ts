import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { prepareTools } from '../../../image/os/build.ts';
import { signOs, signProgram } from '../../../image/os/secure-boot.ts';
import { readSigningKey, type SigningKey } from '../../../image/os/signing-key.ts';
import type { Tools } from '../../../image/os/tools.ts';
import { findSecureFirmware } from '../../../image/vm/requirements.ts';
import type { VmDisk } from '../../../image/vm/vm-spec.ts';
import { makeKey } from './signing.ts';
import { builtImage, testImageOptions } from './test-image.ts';
import type { TestRelease } from './test-releases.ts';
import { withVm } from './test-vm.ts';
import {
  hostDiskBytes,
  type ReleaseWorks,
  UpdatingHost,
  type UpdatingHostChange,
  updatingVm,
} from './updating-host.ts';

/** What the firmware and the boot loader have to say comes within seconds, or never. */
export const firmwareLimitMs = 180_000;

/** A key that signs programs. */
export class TestSigner {
  readonly key: SigningKey;
  readonly #directory: string;
  readonly #certificateFile: string;
  readonly #tools: Tools;

  private constructor(key: SigningKey, directory: string, certificateFile: string, tools: Tools) {
    this.key = key;
    this.#directory = directory;
    this.#certificateFile = certificateFile;
    this.#tools = tools;
  }

  /** Makes the key `CN=NAME`. Its files are in `DIRECTORY/NAME`. */
  static async create(parent: string, name: string): Promise<TestSigner> {
    const directory = join(parent, name);
    await mkdir(directory);
    const { packages } = await builtImage();
    const tools = await prepareTools(packages, join(directory, 'programs'), testImageOptions().cacheDirectory);
    const files = await makeKey(directory, name);
    return new TestSigner(await readSigningKey(files.key, files.certificate), directory, files.certificate, tools);
  }

  /** The release with its kernel image signed. */
  async sign(release: TestRelease): Promise<TestRelease> {
    const uki = join(this.#directory, `${release.version}.efi`);
    await signProgram(release.uki, uki, this.key, this.#certificateFile, this.#tools);
    return { ...release, uki };
  }

  /** @returns the raw disk of a signed image that boots that release, which brings the key along. */
  async signDisk({ uki }: TestRelease): Promise<string> {
    const { architecture, version } = testImageOptions();
    const os = { ...(await builtImage()), uki };
    return (await signOs(os, { architecture, version }, this.key, this.#directory, this.#tools)).disk;
  }
}

/** The variables of a firmware that has taken in the key of a signed disk. @returns their file. */
export async function enroll(disk: VmDisk, variables: string): Promise<string> {
  await withVm({ boot: findSecureFirmware('amd64'), disk }, async (vm) => {
    await vm.start();
    await vm.line(/Secure Boot keys successfully enrolled/, firmwareLimitMs);
    await vm.kill();
    await copyFile(vm.vm.files.variables, variables);
  });
  return variables;
}

/** As `withUpdatingHost`, with a firmware that enforces Secure Boot and trusts that key only. */
export async function withSecureHost<T>(
  works: ReleaseWorks,
  signer: TestSigner,
  change: UpdatingHostChange,
  test: (host: UpdatingHost) => Promise<T>,
): Promise<T> {
  const first = await works.releases.first();
  const base = await signer.signDisk(first);
  const disk = { base, baseFormat: 'raw', sizeBytes: hostDiskBytes, bus: 'virtio' } as const;
  const variables = await enroll(disk, join(works.directory, 'variables.fd'));
  const vm = { ...(await updatingVm(works, change)), boot: { ...findSecureFirmware('amd64'), variables }, disk };
  return withVm(vm, async (made) => {
    const host = new UpdatingHost(made, first);
    await host.start();
    return test(host);
  });
}
