import type { VmBoot, VmSpec } from './vm-spec.ts';

/** What a VM boots from: a release's files, as the image build has them. */
export interface BootableImage {
  /** Raw. */
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
  readonly commandLine: string;
}

/** A direct boot of a release. Pure. */
export function directBoot({ kernel, initrd, commandLine }: BootableImage): VmBoot {
  return { kind: 'direct', kernel, initrd, commandLine };
}

/** A plain server on an image: two processors, 2 GiB, an 8 GiB disk, a watchdog, no network and no config. Pure. */
export function plainVm(name: string, disk: string, boot: VmBoot): VmSpec {
  return {
    name,
    architecture: 'amd64',
    memoryMebibytes: 2048,
    cpus: 2,
    boot,
    disk: { base: disk, baseFormat: 'raw', sizeBytes: 8 * 2 ** 30, bus: 'virtio' },
    extraDisks: [],
    deliveries: [],
    network: { kind: 'none' },
    watchdog: true,
    writes: 'flushed',
  };
}
