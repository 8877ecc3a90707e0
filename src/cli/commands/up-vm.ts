import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { join, resolve } from 'node:path';
import { type AcceleratorChoice, chooseAccelerator } from '../../../image/vm/accelerator.ts';
import { diskFormat } from '../../../image/vm/disk-format.ts';
import { freePort, keepPort } from '../../../image/vm/free-port.ts';
import { plainVm } from '../../../image/vm/presets.ts';
import { ensureVmPrograms, findFirmware, findSecureFirmware } from '../../../image/vm/requirements.ts';
import { writeDelivery } from '../../../image/vm/seed-volume.ts';
import { ensureSshKey } from '../../../image/vm/ssh.ts';
import { trialKernel } from '../../../image/vm/trial-kernel.ts';
import { shareFile, VirtualMachine } from '../../../image/vm/virtual-machine.ts';
import type { Delivery, GivenDisk, VmArchitecture, VmBoot, VmSpec } from '../../../image/vm/vm-spec.ts';
import { checkVmName, type StoredVm, type VmStore } from '../../../image/vm/vm-store.ts';
import type { ConfigText } from '../../agent/agent-service.ts';
import { parseConfig } from '../../config/parse.ts';
import { BerthError } from '../../core/errors.ts';
import { type Cli, type Command, createCli } from '../context.ts';
import { refuseConfig } from '../diagnostics.ts';
import { readConfigTexts, requireReadable } from '../files.ts';
import { Phases } from '../phases.ts';
import { vmAccess } from '../vm-access.ts';
import { awaitHost, describeVm } from '../vm-boot.ts';
import { acceleratorMemory, defaultVmName, sshPort, vmSocket, vmStore } from '../vm-host.ts';
import { apply } from './apply.ts';
import { cacheDirectoryOf, imageOptions } from './image.ts';

const seedKinds = ['nocloud-vfat', 'nocloud-iso', 'config-drive'] as const;

/** Where a new VM's system comes from. */
interface Origin {
  readonly disk: string;
  /** Undefined when only a disk is known. */
  readonly kernel?: string;
  readonly release: string;
}

/**
 * `berth up`: from a fresh machine to a healthy host in a VM. What is there already is used: a second call only boots, a third
 * one only tells. A VM keeps its disk; a config that is given is applied, and handed to later boots.
 */
export const run: Command = async (cli) => {
  const { context, flags } = cli;
  const name = checkVmName(flags.name ?? defaultVmName);
  const store = vmStore(context);
  const known = await store.find(name);
  checkSecureBoot(cli, name, known);
  // Before minutes of building.
  for (const file of disksIn(flags)) await requireReadable(resolve(context.cwd, file), file);
  const file =
    flags.config ?? (known === undefined ? join(context.projectDirectory, 'cloud-config', 'minimal.yaml') : undefined);
  const files = file === undefined ? undefined : await readConfigTexts([file], context);
  const parsed = files === undefined ? undefined : parseConfig(files);
  if (parsed?.diagnostics.some(({ severity }) => severity === 'error') === true)
    return refuseConfig(cli, files ?? [], parsed.diagnostics);
  if (parsed?.config.enable.includes('console') === false)
    context.stderr.write(
      `${cli.style.warn('warning:')} this config does not enable "console": nobody can log in, and this command does not see the host\n` +
        '  hint: berth: {enable: [console]}\n',
    );

  const phases = new Phases(cli);
  const architecture: VmArchitecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
  await phases.run('QEMU', async (report) => ensureVmPrograms(architecture, report, context.signal));
  let stored = known ?? (await create(cli, phases, store, name, architecture));
  stored = await configure(cli, store, stored, files);
  const vm = new VirtualMachine(stored.spec, store.files(name));
  if ((await vm.process()) === undefined) {
    const { accelerator, reason } = await phases.run('virtual machine', async (report) =>
      start(cli, store, vm, report),
    );
    // It explains all the minutes that follow.
    if (accelerator !== 'kvm' && flags.json !== true)
      cli.print(`  without KVM (${reason}): each boot takes minutes, not seconds`);
  } else if (files !== undefined) {
    const running = createCli(context, flags, cli.operator.command, await vmSocket(context, name));
    const exitCode = await apply(running, { files }, false);
    if (flags.json !== true) cli.print(`\n${await describeVm(cli, { store, stored, vm })}`);
    return exitCode;
  }
  const isHealthy = await phases.run('boot', async (report) => awaitHost(cli, { store, stored, vm }, report));
  if (flags.json !== true) cli.print(`\n${await describeVm(cli, { store, stored, vm })}`);
  return isHealthy ? 0 : 1;
};

/** Throws when what is asked for could only be a VM that looks secure and is not. */
function checkSecureBoot({ context, flags }: Cli, name: string, known: StoredVm | undefined): void {
  if (flags.secureBoot !== true) return;
  if (known === undefined && flags.image === undefined) {
    throw new BerthError(
      'USAGE',
      '--secure-boot wants --image with a signed image: that of this checkout is not signed',
      {
        hint: `${context.program} image build --sign-key KEY --sign-cert CERTIFICATE makes one`,
      },
    );
  }
  const boot = known?.spec.boot;
  if (boot !== undefined && !(boot.kind === 'uefi' && boot.isSecure === true)) {
    throw new BerthError('UNSUPPORTED', `the VM ${name} was made without Secure Boot: its firmware stays what it is`, {
      hint: `${context.program} vm rm ${name}, or another --name`,
    });
  }
}

async function create(
  cli: Cli,
  phases: Phases,
  store: VmStore,
  name: string,
  architecture: VmArchitecture,
): Promise<StoredVm> {
  const origin = await phases.run('image', async (report) => findOrigin(cli, report));
  const files = store.files(name);
  const boot: VmBoot =
    cli.flags.secureBoot === true ? findSecureFirmware(architecture) : { kind: 'uefi', ...findFirmware(architecture) };
  const plain = plainVm(name, resolve(origin.disk), boot);
  const spec: VmSpec = {
    ...plain,
    architecture,
    disk: { ...plain.disk, baseFormat: await diskFormat(origin.disk) },
    network: { kind: 'user', forwards: [{ hostPort: await freePort(), guestPort: sshPort }] },
  };
  const vm = new VirtualMachine(spec, files);
  await vm.prepare();
  if (origin.kernel !== undefined && !existsSync(files.kernel)) await shareFile(origin.kernel, files.kernel);
  return { spec, release: origin.release };
}

/** The disk image that is named, else one of this checkout, built when it is not in the cache. */
async function findOrigin({ context, flags }: Cli, onProgress: (line: string) => void): Promise<Origin> {
  if (flags.image !== undefined) {
    const disk = resolve(context.cwd, flags.image);
    if (!existsSync(disk)) throw new BerthError('NOT_FOUND', `there is no ${flags.image}`);
    return { disk, release: flags.image };
  }
  if (!existsSync(join(context.projectDirectory, 'image', 'os'))) {
    throw new BerthError('UNSUPPORTED', 'this is an installed Berth: an image is built in a checkout of its sources', {
      hint: `${context.program} up --image FILE boots one that is built, ${context.program} up --local does without`,
    });
  }
  const { cachedOs } = await import('../../../image/os/cached-build.ts');
  const options = await imageOptions({ context, flags: { fast: true } });
  const { disk, kernel } = await cachedOs({ ...options, onProgress });
  return { disk, kernel, release: options.version };
}

/** Brings what is asked for now into the VM's record. */
async function configure(
  { context, flags }: Cli,
  store: VmStore,
  stored: StoredVm,
  files: readonly ConfigText[] | undefined,
): Promise<StoredVm> {
  const { spec } = stored;
  const { memory, cpus, disk, diskSize } = flags;
  const isRunning = (await new VirtualMachine(spec, store.files(spec.name)).process()) !== undefined;
  if (isRunning && (memory !== undefined || cpus !== undefined || disk !== undefined)) {
    throw new BerthError('BUSY', `${spec.name} runs: its memory, processors and further disks cannot be changed now`, {
      hint: `${context.program} down ${spec.name}`,
    });
  }
  const { sizeBytes } = spec.disk;
  if (diskSize !== undefined && diskSize !== sizeBytes && (isRunning || diskSize < sizeBytes)) {
    throw new BerthError('UNSUPPORTED', `the disk of ${spec.name} can only grow, and only while it is off`);
  }
  const seeded = files === undefined ? {} : await seedOf(flags.seed, store, stored, files);
  const changed: StoredVm = {
    ...stored,
    ...('loginUser' in seeded ? { loginUser: seeded.loginUser } : {}),
    spec: {
      ...spec,
      memoryMebibytes: memory === undefined ? spec.memoryMebibytes : Math.round(memory / 2 ** 20),
      cpus: cpus ?? spec.cpus,
      disk: { ...spec.disk, sizeBytes: diskSize ?? sizeBytes },
      extraDisks: disk === undefined ? spec.extraDisks : await givenDisks(disksIn(flags), context.cwd),
      network: isRunning ? spec.network : await usablePorts(spec),
      deliveries: seeded.delivery === undefined ? spec.deliveries : [seeded.delivery],
    },
  };
  await store.save(changed);
  // A running VM goes on with the volume that it has; the next start finds the new one.
  if (isRunning && seeded.delivery !== undefined)
    await writeDelivery(seeded.delivery, store.files(spec.name).delivery(0));
  return changed;
}

/** Each file once, in the order given; `none` is none. Pure. */
function disksIn({ disk = [] }: Cli['flags']): readonly string[] {
  return [...new Set(disk)].filter((file) => file !== 'none');
}

async function givenDisks(files: readonly string[], directory: string): Promise<GivenDisk[]> {
  return Promise.all(
    files.map(async (shown, index) => {
      const file = resolve(directory, shown);
      return { name: `extra-${index + 1}`, bus: 'virtio', file, format: await diskFormat(file) } as const;
    }),
  );
}

async function usablePorts({ network }: VmSpec): Promise<VmSpec['network']> {
  if (network.kind === 'none') return network;
  const forwards = await Promise.all(
    network.forwards.map(async ({ hostPort, guestPort }) => ({ hostPort: await keepPort(hostPort), guestPort })),
  );
  return { ...network, forwards };
}

async function seedOf(
  kind: string | undefined,
  store: VmStore,
  { spec }: StoredVm,
  files: readonly ConfigText[],
): Promise<{ readonly delivery?: Delivery; readonly loginUser?: string }> {
  const wanted = seedKinds.find((known) => known === (kind ?? seedKinds[0]));
  if (wanted === undefined) throw new BerthError('USAGE', `--seed ${kind}: it is one of ${seedKinds.join(', ')}`);
  const publicKey = await ensureSshKey(store.files(spec.name), spec.name);
  const access = vmAccess(files, publicKey);
  const [known] = spec.deliveries;
  const instanceId = known !== undefined && 'seed' in known ? known.seed.instanceId : randomUUID();
  const seed = {
    instanceId,
    hostname: spec.name,
    userData: files.map(({ text }) => text).join('\n'),
    publicKeys: [publicKey],
    ...(access === undefined ? {} : { vendorData: access.vendorData }),
  };
  return { delivery: { kind: wanted, seed }, ...(access === undefined ? {} : { loginUser: access.loginUser }) };
}

async function start(
  { context, flags }: Cli,
  store: VmStore,
  vm: VirtualMachine,
  report: (detail: string) => void,
): Promise<AcceleratorChoice> {
  const { architecture, disk } = vm.spec;
  await vm.prepare();
  await vm.growDisk(disk.sizeBytes);
  report('looking for KVM');
  const kernel = await trialKernel({
    architecture,
    own: vm.files.kernel,
    cacheDirectory: cacheDirectoryOf(context),
    running: `/boot/vmlinuz-${release()}`,
  });
  const choice = await chooseAccelerator({ architecture, kernel, memory: acceleratorMemory(store) });
  if (flags.json === true) report(`${choice.accelerator}: ${choice.reason}`);
  await vm.start(choice.accelerator);
  return choice;
}
