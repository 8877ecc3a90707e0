import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { BootReport } from '../../src/agent/boot-report.ts';
import { type KeyedVmChange, testLimitMs, withVm } from './support/test-vm.ts';

/** This machine, as QEMU's own network shows it to its guest. */
const hostInGuest = '10.0.2.2';
const secret = 'correct horse battery staple';

let server: Server;
let reports: BootReport[];
let bodies: string[];
/** Answers 503 to so many requests before it takes one. */
let refusals: number;

beforeEach(async () => {
  reports = [];
  bodies = [];
  refusals = 1;
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const isTaken = refusals-- <= 0;
      if (isTaken) {
        bodies.push(body);
        reports.push(JSON.parse(body) as BootReport);
      }
      response.writeHead(isTaken ? 204 : 503).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => new Promise((resolve) => server.close(resolve)));

test(
  'a first config that cannot be read leaves a host that says where it is wrong, and whose platform keys still open it',
  async () => {
    const url = `http://${hostInGuest}:${(server.address() as AddressInfo).port}/boot`;
    const good = `#cloud-config
hostname: mended
chpasswd: {users: [{name: root, password: "${secret}", type: text}], expire: false}
berth:
  report: {url: "${url}"}
  enable: [ntp]
`;
    const broken = good.replace('enable: [ntp]', 'enable: [ntp').replace('hostname: mended', 'hostname: broken');
    // The list that is never closed is missed at the end of the text.
    const line = broken.split('\n').length;
    const vendorData = '#cloud-config\nberth: {enable: [console]}\n';
    const change = async (publicKey: string): Promise<KeyedVmChange> => {
      const seed = { instanceId: 'i-refused', userData: broken, vendorData, publicKeys: [publicKey] };
      return Promise.resolve({ deliveries: [{ kind: 'nocloud-vfat', seed }], loginUser: 'berth' });
    };
    await withVm(change, async (vm) => {
      await vm.start();
      await vm.line(new RegExp(`^berth: user-data of /dev/vdb \\(cidata\\):${line}:\\d+: error: `));
      const status = await vm.statusInside('what the place says', ({ services, state }) => {
        return state === 'degraded' && services.some(({ name, state: now }) => name === 'console' && now === 'healthy');
      });
      expect(status.machine?.maintenance).toBe('its config was refused');
      expect(status.machine?.problems).toContainEqual(
        expect.stringMatching(new RegExp(`^user-data of /dev/vdb \\(cidata\\):${line}:\\d+: error: `)),
      );
      expect(await vm.vm.serial()).not.toContain('press Enter');
      const shell = await vm.shell();
      // By ssh, with the key that the platform knows.
      expect((await (await vm.client()).status()).generation).toBe(1);

      const [report] = await vm.until('a report', async () => reports.length > 0 && reports);
      expect(report).toMatchObject({ kind: 'berth-boot', phase: 'config', origin: '/dev/vdb (cidata)' });
      expect(report?.diagnostics).toContainEqual(
        expect.objectContaining({ file: 'user-data of /dev/vdb (cidata)', line, severity: 'error' }),
      );
      expect(report?.machineId).toBe(await shell.output('cat /etc/machine-id'));

      const text = Buffer.from(good).toString('base64');
      await shell.output(`echo ${text} | base64 -d > /root/good.yaml && berth apply /root/good.yaml`, 400_000);
      const mended = await vm.statusInside('a mended host', ({ state }) => state === 'healthy');
      expect(mended).toMatchObject({ hostname: 'mended', machine: { maintenance: null, problems: [] } });
      const end = await vm.until('a report of the end', async () => reports.find(({ phase }) => phase === 'end'));
      expect(end).toMatchObject({ state: 'healthy', hostname: 'mended', problems: [] });
      for (const body of bodies) expect(body).not.toContain(secret);
    });
  },
  testLimitMs,
);
