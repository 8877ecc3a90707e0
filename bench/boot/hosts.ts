import { join } from 'node:path';
import { type BootableImage, directBoot, plainVm } from '../../image/vm/presets.ts';
import { findFirmware } from '../../image/vm/requirements.ts';
import type { VmBoot, VmSpec } from '../../image/vm/vm-spec.ts';
import { writeDebugInitrd } from '../../test/vm/support/debug-initrd.ts';
import { berthMarks, peerMarks, type ReadMarks } from './marks.ts';
import { peerUserData } from './peer-files.ts';
import { services } from './services.ts';

/** Who is measured. */
export const hostNames = ['berth', 'debian'] as const;
export type HostName = (typeof hostNames)[number];

/** A host to boot and measure. */
export interface MeasuredHost {
  readonly spec: VmSpec;
  readonly readMarks: ReadMarks;
  /** Of the engine that runs the services. */
  readonly engineSocket: string;
}

/** Berth, with what it is told to run. */
function berthUserData(): string {
  const declared: Readonly<Record<string, object>> = Object.fromEntries(
    Object.entries(services).map(([name, service]) => [name, { ...service, 'x-berth': { engine: 'system' } }]),
  );
  return `#cloud-config\n${JSON.stringify({ berth: { services: declared } })}\n`;
}

/** The same machine for every host; only what it boots, and what it is told, differ. */
function machine(name: string, disk: string, boot: VmBoot, userData: string): VmSpec {
  return {
    ...plainVm(name, disk, boot),
    network: { kind: 'user', forwards: [], isolated: true },
    writes: 'fast',
    secondSerial: true,
    deliveries: [{ kind: 'nocloud-vfat', seed: { instanceId: `i-${name}`, hostname: name, userData } }],
  };
}

/** The hosts, both booted by QEMU itself. @param directory for the initrd that has a shell to ask. */
export async function directHosts(
  images: Readonly<Record<HostName, BootableImage>>,
  directory: string,
): Promise<Readonly<Record<HostName, MeasuredHost>>> {
  const initrd = join(directory, 'berth-initrd');
  await writeDebugInitrd(images.berth.initrd, initrd, 'on-demand');
  return {
    debian: {
      spec: machine('debian', images.debian.disk, directBoot(images.debian), peerUserData()),
      readMarks: peerMarks,
      engineSocket: '/run/docker.sock',
    },
    berth: {
      spec: machine('berth', images.berth.disk, directBoot({ ...images.berth, initrd }), berthUserData()),
      readMarks: berthMarks,
      engineSocket: '/run/berth/system/docker.sock',
    },
  };
}

/** Berth as a server boots it: firmware, boot loader, and the kernel of the disk. Throws UNSUPPORTED without firmware. */
export function firmwareHost(image: BootableImage): Pick<MeasuredHost, 'spec' | 'readMarks'> {
  const boot: VmBoot = { kind: 'uefi', ...findFirmware('amd64') };
  return { spec: machine('berth', image.disk, boot, berthUserData()), readMarks: berthMarks };
}
