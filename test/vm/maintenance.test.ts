import { expect, test } from '@jest/globals';
import { plainLines } from '../../image/vm/serial-text.ts';
import type { HostStatus } from '../../src/agent/model.ts';
import { passwordHasher } from '../../src/config/password.ts';
import { damageLog, damageSuperblock } from './support/damage.ts';
import { type TestVm, testLimitMs, withVm } from './support/test-vm.ts';

const password = 'open sesame';
const config = `#cloud-config
hostname: claimed
timezone: Europe/Paris
users: [{name: ops, ssh_authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEYRQzIZfOkrikzscfPIxsBmELA8ngWh0456MhY6MtM4 ops]}]
write_files: [{path: /etc/app/settings, content: "one\\n"}, {path: /etc/motd, content: "from the config\\n"}]
berth:
  enable: [ntp, console]
  sysctl: {vm.swappiness: "7"}
  console: {password_hash: "${passwordHasher('test')(password)}"}
`;

/** What a console of 25 lines has room for. */
const consoleLines = 25;
const isHealthy = ({ state }: HostStatus): boolean => state === 'healthy';

test(
  'a host without a config waits for one at its console, becomes what it is told, and meets a broken agent and a broken disk',
  async () => {
    await withVm({ network: { kind: 'user', forwards: [] } }, async (vm) => {
      await vm.start();
      await vm.line(/^berth: berth waits for a config: berth apply FILE$/);
      await vm.line(/^berth: press Enter for a shell on this console$/);
      expect(await bootLines(vm)).toEqual(
        expect.arrayContaining([
          'berth: config: no datasource was found',
          expect.stringMatching(/give one by a disk labelled "cidata"/),
          expect.stringMatching(/berth apply FILE.*API: \/run\/berth\/api\/berth.sock/),
        ]),
      );
      expect((await bootLines(vm)).length).toBeLessThanOrEqual(consoleLines);
      const waiting = await vm.statusInside('a host without a config', isHealthy);
      expect(waiting).toMatchObject({
        generation: 0,
        services: [],
        machine: { maintenance: 'no datasource was found' },
      });

      // As a person at the console.
      await vm.type('\r');
      await vm.type('printf \'claimed by %s\\n\' "$(id -un)" > /run/claim; tty >> /run/claim\r');
      const shell = await vm.shell();
      await vm.until('a shell on the console', async () => (await shell.run('test -s /run/claim')).exitCode === 0);
      expect(await shell.output('cat /run/claim')).toMatch(/^claimed by root\n\/dev\//);
      await vm.type('exit\r');

      const text = Buffer.from(config).toString('base64');
      await shell.output(`echo ${text} | base64 -d > /root/config.yaml && berth apply /root/config.yaml`, 400_000);
      const claimed = await vm.statusInside('a healthy host', isHealthy);
      expect(claimed).toMatchObject({
        ...{ hostname: 'claimed', generation: 1 },
        machine: { maintenance: null, problems: [] },
      });
      expect(claimed.services.map(({ name }) => name)).toEqual(['console', 'ntp']);
      expect((await shell.run('test -e /run/berth/maintenance')).exitCode).toBe(1);

      const etc = await etcListing(vm);
      expect(etc.some((line) => line.endsWith(' /etc/app/settings'))).toBe(true);
      await shell.output('find /run/etc/upper -mindepth 1 -delete; sync');
      await vm.powerOff();
      await vm.start();
      await vm.line(/^berth: claimed is healthy: 2 services$/);
      expect((await bootLines(vm)).length).toBeLessThanOrEqual(consoleLines);
      expect(await bootLines(vm)).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^berth: slot a on \/dev\/vda2/),
          expect.stringMatching(/^berth: network ready: .*10\.0\.2\.15/),
          expect.stringMatching(/^berth: engine system: running/),
          expect.stringMatching(/^berth: service console: (healthy|running)/),
          expect.stringMatching(/^berth: service ntp: (healthy|running)/),
        ]),
      );
      expect(await etcListing(vm)).toEqual(etc);

      await meetBrokenAgent(vm);
      await meetBrokenDisk(vm);
    });
  },
  3 * testLimitMs,
);

/** A blessed system whose agent does not start: its console offers a shell for the password, and all else goes on. */
async function meetBrokenAgent(vm: TestVm): Promise<void> {
  const shell = await vm.shell();
  const containers = await shell.output(shims);
  expect(containers).not.toBe('');
  await shell.output(
    `mount --bind /usr/bin/false /usr/bin/node; kill -9 $(ps | awk '/berth[.]js agent/ && !/awk/ {print $1}')`,
  );
  await vm.line(/^berth: the agent died 5 times in a row; the last words of its log: .* the agent ended with 1/);
  await vm.line(/^berth: a shell for the console's password:$/);
  const guard = await shell.output(`ps | awk '/berth.guard/ && !/awk/ {print $1; exit}'`);
  expect(await shell.output(`readlink /proc/${guard}/fd/3`)).toBe('/dev/watchdog');
  const written = async (): Promise<number> =>
    Number(await shell.output(`awk '/^wchar/ {print $2}' /proc/${guard}/io`));
  const before = await written();
  await vm.until('a fed watchdog', async () => (await written()) >= before + 2);

  await vm.until('a question for the password', async () =>
    /root password for .*maintenance/i.test(await vm.vm.serial()),
  );
  await vm.type('wrong\r');
  await vm.line(/login incorrect/i);
  await vm.type(`${password}\r`);
  // What is typed before the shell asks may be thrown away.
  await vm.line(/^claimed:.*# ?$/);
  await vm.type('id -un > /run/rescued; tty >> /run/rescued\r');
  await vm.until('a shell for who knows the password', async () => {
    return (await shell.run('test -s /run/rescued')).exitCode === 0;
  });
  expect(await shell.output('cat /run/rescued')).toMatch(/^root\n\/dev\//);
  expect(await shell.output(shims)).toBe(containers);
  await shell.output('umount /usr/bin/node');
  await vm.type('exit\r');
  await vm.statusInside('an agent that is back', isHealthy);
  expect(await shell.output(shims)).toBe(containers);
}

/** A damaged superblock is mended from a copy; with a log that cannot be read, nothing is written and the host says why. */
async function meetBrokenDisk(vm: TestVm): Promise<void> {
  const shell = await vm.shell();
  await shell.output('echo kept > /var/lib/kept; sync');
  await vm.powerOff();
  await damageSuperblock(vm.vm.files.disk);
  await vm.start();
  await vm.line(/^berth: \/dev\/vda4 cannot be mounted: repairing it$/);
  await vm.line(/^berth: claimed is healthy/);
  expect(await (await vm.shell()).output('cat /var/lib/kept')).toBe('kept');
  await vm.powerOff();

  await damageLog(vm.vm.files.disk);
  await vm.start();
  await vm.line(/^berth: \/dev\/vda4 cannot be mounted .*; nothing is written to it, and this boot keeps nothing/);
  const status = await vm.statusInside('a host without its state', ({ state, machine }) => {
    return state === 'degraded' && machine?.maintenance != null;
  });
  expect(status).toMatchObject({ generation: 0, machine: { maintenance: 'no datasource was found' } });
  expect(status.machine?.problems).toEqual([expect.stringContaining('/dev/vda4 cannot be mounted')]);
  // Who is at the console may not be whom this host belongs to.
  expect(await vm.vm.serial()).not.toContain('press Enter');
  const again = await vm.shell();
  expect(await again.output('/usr/sbin/wipefs --noheadings --output TYPE /dev/vda4')).toBe('xfs');
  await again.output('mkdir -p /run/look && mount -t xfs -o ro,norecovery /dev/vda4 /run/look');
  expect(await again.output('cat /run/look/lib/kept')).toBe('kept');
}

const shims = `ps | awk '/containerd-shim-runc-v2 -n/ && !/awk/ {print $1}'`;

/** What the last boot put on the console since the kernel started: Berth's lines and everybody else's. */
async function bootLines(vm: TestVm): Promise<string[]> {
  const lines = plainLines(await vm.vm.serial()).filter((line) => line !== '');
  // QEMU's translation can crash a kernel (a patched instruction that another processor still has): then it starts again.
  const last = lines.findLastIndex((line) => /^berth: slot . on/.test(line));
  return lines.slice(Math.max(0, last - 1));
}

/** All of /etc: kind, mode, owner, and content or target. */
async function etcListing(vm: TestVm): Promise<string[]> {
  const shell = await vm.shell();
  const listing = await shell.output(
    `cd /etc && find /etc -type f -exec stat -c '%F %a %u:%g' {} ';' -exec sha256sum {} ';' | paste - - | sort -k 5; ` +
      `find /etc -type l -exec stat -c '%F %N' {} + | sort; find /etc -type d -exec stat -c '%F %a %u:%g %n' {} + | sort`,
  );
  return listing.split('\n');
}
