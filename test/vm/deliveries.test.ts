import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCommand } from '../../image/command.ts';
import type { BootableImage } from '../../image/vm/presets.ts';
import type { Delivery } from '../../image/vm/vm-spec.ts';
import type { ConfigOrigin, HostStatus } from '../../src/agent/model.ts';
import { installPackages } from '../../src/engine/binaries.ts';
import { FabricServer } from '../engine/datasource/support/fabric-server.ts';
import { MetadataServer } from '../engine/datasource/support/metadata-server.ts';
import { platforms } from '../engine/datasource/support/platforms.ts';
import { isSoak } from '../support/soak.ts';
import { helloService } from './support/hello-service.ts';
import { SoakRuns, sampled } from './support/sample.ts';
import { bakeImage } from './support/test-image.ts';
import { type TestVm, testLimitMs, withVm } from './support/test-vm.ts';

/** What every delivery brings. */
function userDataFor(publicKey: string, hostname: string): string {
  return `#cloud-config
hostname: ${hostname}
ssh_authorized_keys: ["${publicKey}"]
users: [default, {name: ops, uid: "1500", gecos: Operations}]
write_files: [{path: /opt/app/setting, content: "of ${hostname}\\n", owner: "ops:ops", permissions: "0640", defer: true}]
berth:
  enable: [console]
  services:
    ${helloService}
`;
}

/** The host that each of them gives. */
const wanted = {
  state: 'healthy',
  hostname: 'delivered',
  generation: 1,
  problems: [],
  services: ['console system healthy', 'hello system running'],
  names: 'delivered\ndelivered',
  file: '640 ops:ops\nof delivered',
  users: 'ops:x:1500:1500:Operations:/home/ops:/bin/bash',
  page: 'hello',
};

/** A way in, and the machine that it is for. */
interface Handover {
  readonly deliveries: readonly Delivery[];
  readonly image?: BootableImage;
}

interface Case {
  readonly name: string;
  /** As the status tells it. */
  readonly origin: () => ConfigOrigin;
  /** Whether another config can be handed over to the same machine later. */
  readonly isLasting: boolean;
  readonly handOver: (userData: string) => Handover | Promise<Handover>;
  /** What the place's network configuration gives the first device. */
  readonly address?: string;
  /** How the platform was told that the boot ended. */
  readonly told?: () => readonly (string | undefined)[];
}

let server: Server;
/** What the server answers with. */
let served = '';
let work: string;
const metadataServers: MetadataServer[] = [];

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'berth-deliveries-'));
  server = createServer(({ url }, response) => {
    response.statusCode = url === '/config' ? 200 : 404;
    response.end(url === '/config' ? served : '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  for (const service of [...metadataServers, fabric]) await service.close();
  await rm(work, { recursive: true, force: true });
  await runs.note();
});

/** The guest's name for this machine's loopback is 10.0.2.2. */
const configUrl = (): string => `http://10.0.2.2:${(server.address() as AddressInfo).port}/config`;
const seedOf = (userData: string) => ({ instanceId: 'i-delivered', userData });
const packed = (userData: string): string => gzipSync(userData).toString('base64');
const delivered = (delivery: Delivery): Handover => ({ deliveries: [delivery] });
/** A static address: how to get to the config is part of what is given locally. */
const wayOut = JSON.stringify({
  version: 2,
  ethernets: {
    all: {
      match: { name: 'e*' },
      addresses: ['10.0.2.15/24'],
      routes: [{ to: 'default', via: '10.0.2.2' }],
      nameservers: { addresses: ['10.0.2.3'] },
    },
  },
});

const cases: readonly Case[] = [
  {
    name: 'a NoCloud disk (vfat)',
    origin: () => ({ datasource: 'nocloud', place: '/dev/vdb (cidata)' }),
    isLasting: true,
    handOver: (userData) => delivered({ kind: 'nocloud-vfat', seed: seedOf(userData) }),
  },
  {
    name: 'a NoCloud disk (ISO)',
    origin: () => ({ datasource: 'nocloud', place: '/dev/vdb (cidata)' }),
    isLasting: true,
    handOver: (userData) => delivered({ kind: 'nocloud-iso', seed: seedOf(userData) }),
  },
  {
    name: 'an OpenStack config drive',
    origin: () => ({ datasource: 'config-drive', place: '/dev/vdb (config-2)' }),
    isLasting: true,
    handOver: (userData) => delivered({ kind: 'config-drive', seed: seedOf(userData) }),
  },
  {
    name: 'fw_cfg',
    origin: () => ({ datasource: 'fw-cfg', place: 'fw_cfg opt/io.berth/config' }),
    isLasting: true,
    handOver: (text) => delivered({ kind: 'fw-cfg', name: 'opt/io.berth/config', text }),
  },
  {
    name: 'SMBIOS strings',
    origin: () => ({ datasource: 'smbios', place: 'SMBIOS OEM strings' }),
    isLasting: true,
    handOver: (userData) => {
      const parts = packed(userData).match(/.{1,200}/g) ?? [];
      return delivered({ kind: 'smbios-strings', strings: parts.map((part) => `io.berth.config=${part}`) });
    },
  },
  {
    name: 'the kernel command line',
    origin: () => ({ datasource: 'cmdline', place: 'kernel command line' }),
    isLasting: true,
    handOver: (userData) => delivered({ kind: 'command-line', words: `berth.config=${packed(userData)}` }),
  },
  {
    name: 'a URL on the kernel command line',
    origin: () => ({ datasource: 'cmdline', place: configUrl() }),
    isLasting: true,
    handOver: (userData) => {
      served = userData;
      const words = `berth.config.url=${configUrl()} berth.network=${packed(wayOut)}`;
      return delivered({ kind: 'command-line', words });
    },
  },
  ...(['ec2', 'gce', 'hetzner', 'azure'] as const).map((id) => ({
    name: `the metadata service of ${id}`,
    origin: () => ({ datasource: id, place: `the metadata service of ${services[id].title}` }),
    isLasting: id !== 'azure',
    handOver: async (userData: string) => serviceOf(id, userData),
    ...(id === 'hetzner' ? { address: '2001:db8:beef::1/64' } : {}),
    ...(id === 'azure' ? { told: () => fabric.asked.map(({ body }) => /<State>(\w+)</.exec(body)?.[1]) } : {}),
  })),
  {
    name: 'the disc in the drive of a machine of azure',
    origin: () => ({ datasource: 'azure', place: 'the metadata service of Microsoft Azure' }),
    isLasting: false,
    handOver: async (userData) => {
      // What is given at creation goes before what the service has.
      const { deliveries } = await serviceOf('azure', '#cloud-config\nhostname: not-taken\n');
      return { deliveries: [...deliveries, { kind: 'disc', image: await azureDisc(userData) }] };
    },
  },
  {
    name: 'a file baked into the image',
    origin: () => ({ datasource: 'baked', place: '/usr/lib/berth/seed' }),
    isLasting: false,
    handOver: async (userData) => ({ deliveries: [], image: await bakeImage(userData, work) }),
  },
];

/** A platform's documents with this config among them, and what its firmware calls itself. */
const services = {
  ec2: {
    title: 'Amazon EC2',
    firmware: [{ type: 1, values: { manufacturer: 'Amazon EC2', product: 't3.small' } }],
    documents: (userData: string) => ({ '/latest/user-data': userData }),
  },
  gce: {
    title: 'Google Compute Engine',
    firmware: [{ type: 1, values: { manufacturer: 'Google', product: 'Google Compute Engine' } }],
    documents: (userData: string) => ({
      '/computeMetadata/v1/instance/attributes/?recursive=true': JSON.stringify({ 'user-data': userData }),
    }),
  },
  hetzner: {
    title: 'Hetzner Cloud',
    firmware: [{ type: 1, values: { manufacturer: 'Hetzner', product: 'vServer', serial: '4711' } }],
    // The address of the VM's first network device, which keeps its name.
    documents: (userData: string) => ({
      '/hetzner/v1/userdata': userData,
      '/hetzner/v1/metadata': `hostname: web1
instance-id: 4711
network-config:
  version: 1
  config:
  - {type: physical, name: eth0, mac_address: "52:54:00:12:34:56", subnets: [{ipv4: true, type: dhcp}, {address: "2001:db8:beef::1/64", ipv6: true}]}
`,
    }),
  },
  azure: {
    title: 'Microsoft Azure',
    firmware: [{ type: 3, values: { asset: '7783-7084-3265-9085-8269-3286-77' } }],
    documents: (userData: string) => ({
      '/metadata/instance?api-version=2021-08-01&extended=true': JSON.stringify({
        compute: { vmId: 'a-1', userData: Buffer.from(userData).toString('base64') },
      }),
    }),
  },
} as const;

/** The disc that a new machine of Azure has in its drive: a UDF file system, as there. */
async function azureDisc(userData: string): Promise<string> {
  if (!existsSync('/usr/bin/genisoimage')) await installPackages(['genisoimage']);
  const files = await mkdtemp(join(work, 'disc-'));
  await writeFile(
    join(files, 'ovf-env.xml'),
    `<?xml version="1.0" encoding="utf-8"?>
<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" xmlns:wa="http://schemas.microsoft.com/windowsazure">
  <wa:ProvisioningSection><wa:Version>1.0</wa:Version>
    <LinuxProvisioningConfigurationSet xmlns="http://schemas.microsoft.com/windowsazure">
      <ConfigurationSetType>LinuxProvisioningConfiguration</ConfigurationSetType>
      <HostName>of-the-disc</HostName><UserName>ops</UserName>
      <CustomData>${Buffer.from(userData).toString('base64')}</CustomData>
    </LinuxProvisioningConfigurationSet>
  </wa:ProvisioningSection>
</Environment>
`,
  );
  const image = `${files}.udf`;
  await runCommand('genisoimage', ['-quiet', '-udf', '-volid', 'rd_rdfe_stable', '-output', image, files]);
  // What the kernel is told: the ISO file system beside it is not looked at.
  expect(await runCommand('blkid', ['-p', '-o', 'value', '-s', 'TYPE', image])).toMatchObject({ stdout: 'udf\n' });
  return image;
}

/** Where Azure's machines report to. */
const fabric = new FabricServer([200]);
let fabricPort: number | undefined;

async function serviceOf(id: keyof typeof services, userData: string): Promise<Handover> {
  const { firmware, documents } = services[id];
  const platform = { ...platforms[id], documents: { ...platforms[id].documents, ...documents(userData) } };
  const service = new MetadataServer(platform);
  metadataServers.push(service);
  const port = await service.listen(['127.0.0.1'], 0);
  const delivery: Delivery = { kind: 'metadata-service', firmware, address: '169.254.169.254', port };
  if (id !== 'azure') return delivered(delivery);
  fabricPort ??= await fabric.listen('127.0.0.1', 0);
  return {
    deliveries: [delivery, { kind: 'metadata-service', firmware: [], address: '168.63.129.16', port: fabricPort }],
  };
}

const chosen = sampled(cases, 2);
/** Those that get another config for a second boot. */
const changed = new Set(isSoak ? cases : [chosen.find(({ isLasting }) => isLasting)]);
const runs = new SoakRuns('datasource deliveries, first boot and a changed config');

test.each(chosen)(
  '$name gives the same host as every other delivery',
  async (delivery) => {
    runs.begin();
    const { handOver, origin, isLasting } = delivery;
    let key = '';
    const keyed = async (publicKey: string) => {
      key = publicKey;
      return { ...(await handOver(userDataFor(publicKey, 'delivered'))), loginUser: 'berth' };
    };
    await withVm(keyed, async (vm) => {
      await vm.start();
      const first = await vm.status('a healthy host', ({ state }) => state === 'healthy');
      expect(first.machine?.config).toEqual(origin());
      expect(await hostOf(vm, first)).toEqual(wanted);
      if (delivery.address !== undefined)
        expect(await (await vm.shell()).output('ip -color=never -o -6 address show dev eth0')).toContain(
          delivery.address,
        );
      if (delivery.told !== undefined)
        expect(await vm.until('a report', async () => delivery.told?.().length !== 0 && delivery.told?.())).toEqual([
          'Ready',
        ]);
      await vm.powerOff();
      if (!isLasting || !changed.has(delivery)) return;

      const { deliveries } = await handOver(userDataFor(key, 'changed'));
      vm.deliver(deliveries);
      await vm.start();
      const second = await vm.status(
        'a healthy host with another config',
        ({ state, generation }) => state === 'healthy' && generation === 2,
      );
      expect(second.machine?.config).toEqual(origin());
      expect(await hostOf(vm, second)).toEqual({
        ...wanted,
        hostname: 'changed',
        generation: 2,
        names: 'changed\nchanged',
        file: '640 ops:ops\nof changed',
      });
      const [newest] = await (await vm.client()).ledger({ limit: 1, subject: 'hostname' });
      expect(newest).toMatchObject({ generation: 2, reason: { kind: 'config', key: 'hostname', change: 'changed' } });
    });
    runs.succeed();
  },
  2 * testLimitMs,
);

/** What counts of a host. */
async function hostOf(vm: TestVm, status: HostStatus): Promise<typeof wanted> {
  const { state, hostname, generation, machine, services } = status;
  const shell = await vm.shell();
  return {
    ...{ state, hostname, generation },
    problems: [...(machine?.problems ?? ['no machine'])] as never[],
    services: services.map((service) => `${service.name} ${service.engine} ${service.state}`),
    names: await shell.output('hostname; cat /etc/hostname'),
    file: await shell.output('stat -c "%a %U:%G" /opt/app/setting; cat /opt/app/setting'),
    users: await shell.output("grep '^ops:' /etc/passwd"),
    page: await shell.output('wget -qO- http://127.0.0.1:8080/'),
  };
}
