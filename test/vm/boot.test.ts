import { expect, test } from '@jest/globals';
import type { OsStatus } from '../../src/update/os-status.ts';
import { beyond, lookAtIdleHost } from './support/idle-host.ts';
import { testLimitMs, withVm } from './support/test-vm.ts';

/** What runs on a host with nothing but `ntp` to do. More of it costs every host memory: add to it on purpose only. */
const idleProcesses = [
  ...['init', 'guard', 'run-agent', 'node', 'acpid', 'containerd', 'dockerd', 'containerd-shim-runc-v2', 'chronyd'],
  // The guard waits; the DHCP client has a process for each right it has.
  ...['sleep', 'ip', 'dhcpcd', 'dhcpcd', 'dhcpcd', 'dhcpcd', 'dhcpcd'],
];
/** What listens on such a host: the DHCP clients of both families, and chrony for its own command. */
const idlePorts = ['udp 68', 'udp 546', 'udp 127.0.0.1:323', 'udp [0:0:0:0:0:0:0:1]:323'];

test(
  'the image boots, keeps its state over a second boot, and obeys the power button',
  async () => {
    await withVm({}, async (vm) => {
      await vm.start();
      await vm.line(/^berth: slot a on \/dev\/vda2 is mounted/);
      let shell = await vm.shell();
      expect(await shell.output('tr "\\0" " " < /proc/1/cmdline')).toMatch(/init/);
      expect(await shell.output('findmnt -no FSTYPE,OPTIONS /usr')).toMatch(/^erofs +ro,/);
      expect(await shell.output('dmsetup table --showkeys')).toMatch(/ verity .*panic_on_corruption/);
      await vm.until(
        'a state partition',
        async () => (await shell.run('findmnt -no FSTYPE /var')).output.trim() === 'xfs',
      );
      // The partition has grown to the end of the disk that the VM has.
      expect(Number(await shell.output('df -B 1M --output=size /var | tail -n 1'))).toBeGreaterThan(6000);
      const answer = await vm.until('an agent that answers', async () => {
        // Not to the terminal: that is for people.
        const { exitCode, output } = await shell.run('set -o pipefail; berth status --json | cat');
        return exitCode === 0 && output;
      });
      expect(JSON.parse(answer)).toMatchObject({ mode: 'host', generation: 0, services: [] });
      // QEMU loaded the kernel, so there is no boot loader that counts tries.
      const os = JSON.parse(await shell.output('berth os status --json')) as OsStatus;
      expect(os).toMatchObject({
        slot: 'a',
        device: '/dev/vda2',
        entries: [],
        bless: { kind: 'blessed' },
        rejected: [],
      });

      // Nothing declared needs the user engine: it starts when somebody uses its socket, and stays when the agent does not.
      await shell.output(
        `printf '#cloud-config\\nberth: {enable: [ntp]}\\n' > /run/ntp.yaml; berth apply /run/ntp.yaml`,
      );
      const grown = async (): Promise<readonly string[]> => {
        const { processes, ports } = await lookAtIdleHost(shell);
        return [...beyond(processes, idleProcesses), ...beyond(ports, idlePorts)];
      };
      // What was started for the boot ends after it.
      await vm.until('an idle host', async () => (await grown()).length === 0, 60_000).catch(() => undefined);
      expect(await grown()).toEqual([]);

      const ask = `require('http').get({socketPath: '/run/docker.sock', path: '/version'}, (answer) => answer.pipe(process.stdout))`;
      expect((await shell.run('pidof dockerd')).output.trim().split(' ')).toHaveLength(1);
      expect(await shell.output(`node -e "${ask}"`)).toContain('"Version":"26.1');
      expect(await shell.output('berth why docker | cat')).toContain('somebody used /run/docker.sock');
      const engines = await shell.output('pidof dockerd');
      expect(engines.split(' ')).toHaveLength(2);
      await shell.output(`kill -9 $(ps | awk '/berth[.]js agent/ && !/awk/ {print $1}'); sleep 5`);
      await vm.until('an agent again', async () => (await shell.run('berth status')).exitCode === 0);
      expect(await shell.output('pidof dockerd')).toBe(engines);

      const machineId = await shell.output('cat /etc/machine-id');
      expect(machineId).toMatch(/^[0-9a-f]{32}$/);
      await shell.output('echo kept > /var/lib/berth/test-file; echo gone > /etc/test-file; sync');
      await vm.powerOff();

      await vm.start();
      shell = await vm.shell();
      await vm.until(
        'a state partition',
        async () => (await shell.run('findmnt -no FSTYPE /var')).output.trim() === 'xfs',
      );
      await vm.until('a machine-id', async () => (await shell.run('test -s /etc/machine-id')).exitCode === 0);
      expect(await shell.output('cat /etc/machine-id')).toBe(machineId);
      expect(await shell.output('cat /var/lib/berth/test-file')).toBe('kept');
      expect((await shell.run('test -e /etc/test-file')).exitCode).toBe(1);
      await vm.until('somebody who hears the button', async () => (await shell.run('pidof acpid')).exitCode === 0);
      await vm.powerOff();
    });
  },
  testLimitMs,
);
