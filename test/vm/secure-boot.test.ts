import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCommand } from '../../image/command.ts';
import { prepareTools } from '../../image/os/build.ts';
import { diskLayout, ukiName } from '../../image/os/layout.ts';
import { signOs } from '../../image/os/secure-boot.ts';
import { readSigningKey } from '../../image/os/signing-key.ts';
import { findSecureFirmware } from '../../image/vm/requirements.ts';
import type { VmDisk } from '../../image/vm/vm-spec.ts';
import { noteSoak, sampled } from './support/sample.ts';
import { enroll, firmwareLimitMs } from './support/secure-host.ts';
import { makeKey } from './support/signing.ts';
import { builtImage, testImage, testImageOptions } from './support/test-image.ts';
import { type TestVm, testLimitMs, withVm } from './support/test-vm.ts';

/** A privileged container shows what the kernel says. */
const userData = `#cloud-config
berth:
  enable: [console]
  services:
    look:
      image: berth/busybox:latest
      pull_policy: never
      command: [sleep, infinity]
      stop_signal: SIGKILL
      privileged: true
      network_mode: none
      x-berth: {engine: system}
`;
const extraArgument = 'berth.test=from-the-hypervisor';

let work: string;
/** Variables of a firmware that has taken in the key of the signed image. */
let variables: string;

/** What a disk is made of. */
const disks = {
  signed: () => join(work, 'own', 'disk.raw'),
  unsigned: () => testImage().disk,
  'signed by somebody else': () => join(work, 'other', 'disk.raw'),
  'signed, its kernel command line changed afterwards': () => join(work, 'changed.raw'),
} as const;
type DiskKind = keyof typeof disks;

function diskOf(kind: DiskKind): VmDisk {
  return { base: disks[kind](), baseFormat: 'raw', sizeBytes: 8 * 2 ** 30, bus: 'virtio' };
}

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'berth-secure-'));
  const os = await builtImage();
  const { architecture, version, cacheDirectory } = testImageOptions();
  const tools = await prepareTools(os.packages, join(work, 'programs'), cacheDirectory);
  for (const name of ['own', 'other']) {
    const files = await makeKey(work, name);
    const key = await readSigningKey(files.key, files.certificate);
    await mkdir(join(work, name));
    await signOs(os, { architecture, version }, key, join(work, name), tools);
  }
  const uki = await readFile(join(work, 'own', 'berth.efi'));
  uki.write('panic=11', uki.indexOf('panic=10'), 'latin1');
  await writeFile(join(work, 'changed.efi'), uki);
  await runCommand('cp', ['--sparse=always', disks.signed(), join(work, 'changed.raw')]);
  const esp = `${join(work, 'changed.raw')}@@${diskLayout(architecture).partitions[0]?.startBytes}`;
  await tools.run('mcopy', ['-o', '-i', esp, join(work, 'changed.efi'), `::/EFI/Linux/${ukiName(version)}`]);

  variables = await enroll(diskOf('signed'), join(work, 'variables.fd'));
}, testLimitMs);

afterAll(async () => rm(work, { recursive: true, force: true }));

test(
  'a firmware that has taken in the keys of a signed image boots it with Secure Boot, and the kernel locks down',
  async () => {
    const boot = { ...findSecureFirmware('amd64'), variables };
    const strings = [`io.systemd.stub.kernel-cmdline-extra=${extraArgument}`];
    const deliveries = [{ kind: 'smbios-strings', strings }] as const;
    await withVm({ userData, boot, disk: diskOf('signed'), deliveries }, async (vm) => {
      await vm.start();
      await vm.status('a healthy host', ({ state }) => state === 'healthy');
      const kernel = await outputOf(vm, ['dmesg']);
      expect(kernel).toContain('secureboot: Secure boot enabled');
      expect(kernel).toContain('Kernel is locked down from EFI Secure Boot');
      // docs/image.md says so: whoever runs the machine has a say in the command line, signed or not.
      expect((await outputOf(vm, ['cat', '/proc/cmdline'])).trim()).toMatch(new RegExp(` ${extraArgument}$`));
    });
  },
  testLimitMs,
);

const refused: readonly [DiskKind, RegExp][] = [
  ['unsigned', /^BdsDxe: failed to load .*(Access Denied|Security Violation)/],
  ['signed by somebody else', /^BdsDxe: failed to load .*(Access Denied|Security Violation)/],
  ['signed, its kernel command line changed afterwards', /berth_.*(access denied|security violation)/i],
];
let [runs, failures] = [0, 0];

test.each(sampled(refused, 2))(
  'that firmware refuses an image that is %s',
  async (kind, message) => {
    runs += 1;
    failures += 1;
    const boot = { ...findSecureFirmware('amd64'), variables };
    await withVm({ boot, disk: diskOf(kind) }, async (vm) => {
      await vm.start();
      await vm.line(message, firmwareLimitMs);
      expect(await vm.vm.serial()).not.toContain('berth: slot');
    });
    failures -= 1;
  },
  testLimitMs,
);

afterAll(async () => {
  if (runs > 0)
    await noteSoak('Secure Boot refuses an image that is unsigned, of another key, or changed', runs, failures);
});

/** What a command in the container says. */
async function outputOf(vm: TestVm, command: readonly string[]): Promise<string> {
  const client = await vm.client();
  let output = '';
  const exitCode = await client.exec(
    'look',
    { command, tty: false, stdin: false },
    { onOutput: (_stream, chunk) => void (output += chunk.toString()) },
  );
  if (exitCode !== 0) throw new Error(`"${command.join(' ')}" ended with ${exitCode}: ${output}`);
  return output;
}
