import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { runCommand } from '../../image/command.ts';
import { sshArguments } from '../../image/vm/ssh.ts';
import type { HostStatus } from '../../src/agent/model.ts';
import { isSoak } from '../support/soak.ts';
import { noteSoak } from './support/sample.ts';
import { type TestVm, testLimitMs, withVm } from './support/test-vm.ts';

const hostKey = await makeHostKey();

const config = `#cloud-config
hostname: vm-host
ssh_keys: ${JSON.stringify({ ed25519_private: hostKey.privateKey })}
timezone: Europe/Paris
keyboard: {layout: de, variant: nodeadkeys}
bootcmd: ['echo boot >> /var/lib/boots']
runcmd: ['echo "$INSTANCE_ID" >> /var/lib/runs', [bash, -c, 'test -x /usr/bin/docker || echo no docker']]
write_files:
  - {path: /etc/motd, content: "from the config\\n"}
  - {path: /opt/app/key, content: "k\\n", permissions: '0600'}
  - {path: /home/berth/note, content: "for whoever logs in\\n", owner: berth, defer: true}
  - {path: /etc/sysctl.d/50-own.conf, content: "vm.dirty_ratio = 11\\n"}
  - {path: /etc/modules-load.d/own.conf, content: "dummy\\n"}
fs_setup: [{device: /dev/vdb, partition: none, filesystem: ext4, label: data}]
mounts: [[/dev/vdb, /mnt/data, ext4]]
berth:
  enable: [ntp, console]
  sysctl: {vm.swappiness: "7"}
  services:
    hello:
      image: berth/busybox:latest
      pull_policy: never
      command: [sh, -c, "echo hello > /index.html && exec httpd -f -p 8080 -h /"]
      stop_signal: SIGKILL
      ports: ["8080:8080"]
`;

/** Two parts, as tools make them that know nothing of each other. */
const userData = `#cloud-config-archive
- ${JSON.stringify(config)}
- {type: text/x-shellscript-per-boot, filename: every.sh, content: "#!/bin/bash\\necho $0 >> /var/lib/scripts\\n"}
`;

/** What somebody sees who logs in, and what a container that they start sees of it. */
const sshCommands = [
  'cat note',
  'echo mine > made',
  'docker run --rm --network none -v "$PWD:/data" berth/busybox:latest cat /data/note /data/made',
  'ls /opt',
].join(' && ');

const agentPattern = 'berth[.]js agent';
/** Every container has one: another one means that it was started again. */
const shimPattern = 'containerd-shim-runc-v2 -n';

/** Agents that are killed; all twenty of them in a soak run. */
const kills = isSoak ? 20 : 3;
/** Of them, those after which all was as before. */
let followed = 0;

afterAll(async () => noteSoak('agents killed one after the other, no container restarted', kills, kills - followed));

const isHealthy = ({ state }: HostStatus): boolean => state === 'healthy';

test(
  'a host becomes what its config says, keeps its containers when the agent dies, and is the same after a boot',
  async () => {
    await withVm({ userData, extraDisks: [{ name: 'data', sizeBytes: 2 ** 28, bus: 'virtio' }] }, async (vm) => {
      await vm.start();
      const first = await vm.status('a healthy host', isHealthy);
      expect(first).toMatchObject({ mode: 'host', hostname: 'vm-host', generation: 1, skipped: [] });
      expect(first.machine).toMatchObject({ network: { ready: true }, problems: [] });
      expect(first.services.map(({ name, engine }) => `${name} ${engine}`)).toEqual([
        'console system',
        'docker system',
        'hello user',
        'ntp system',
      ]);
      const settings = await settingsOf(vm);
      expect(settings).toEqual({
        motd: 'from the config',
        key: '600',
        name: 'vm-host',
        zone: '/usr/share/zoneinfo/Europe/Paris',
        keyY: 'z',
        swappiness: '7',
        dirty: '11',
        module: 'dummy',
        data: 'ext4',
        page: 'hello',
      });

      await vm.until('late commands', async () => (await runsOf(vm))['runs'] === '1');
      expect(await runsOf(vm)).toEqual({ boots: '1', runs: '1', scripts: '1' });

      const seen = await runCommand('ssh', [...sshArguments(vm.target), sshCommands]);
      expect(seen.stdout).toBe('for whoever logs in\nfor whoever logs in\nmine\napp\n');
      expect(await readFile(vm.target.files.knownHosts, 'utf8')).toContain(hostKey.publicKey);

      const before = await processes(vm, shimPattern);
      for (let kill = 0; kill < kills; kill += 1) {
        const shell = await vm.shell();
        const [agent = ''] = await processes(vm, agentPattern);
        await shell.output(`kill -9 ${agent}`);
        await vm.until('another agent', async () => {
          const [now = agent] = await processes(vm, agentPattern);
          return now !== agent && (await shell.run('berth status')).exitCode === 0;
        });
      }
      await vm.status('a healthy host after the kills', isHealthy);
      expect(await processes(vm, shimPattern)).toEqual(before);
      followed = kills;

      // A clock that is behind when an agent starts stands where the host was last seen.
      const shell = await vm.shell();
      await shell.output(`date -s @1000000000; kill -9 ${(await processes(vm, agentPattern)).join(' ')}`);
      await vm.until('a believable clock', async () => Number(await shell.output('date +%s')) > 1_700_000_000);

      await shell.output('echo kept > /mnt/data/file; echo gone > /etc/gone; rm /etc/motd; sync');
      await vm.powerOff();
      await vm.start();
      const second = await vm.status('a healthy host after a boot', isHealthy);
      expect(second.generation).toBe(1);
      expect(await settingsOf(vm)).toEqual(settings);
      // Neither agents that died nor the boot made anything run more often than it may.
      await vm.until('late commands', async () => (await runsOf(vm))['scripts'] === '2');
      expect(await runsOf(vm)).toEqual({ boots: '2', runs: '1', scripts: '2' });
      const again = await vm.shell();
      expect(await again.output('cat /mnt/data/file')).toBe('kept');
      expect((await again.run('test -e /etc/gone')).exitCode).toBe(1);

      const client = await vm.client();
      const later = userData.replace('label: data', 'label: other').replace('vm-host', 'vm-renamed');
      const plan = await client.plan({ files: [{ file: 'later.yaml', text: later }] });
      expect(plan.steps.map(({ kind }) => kind)).not.toContain('make-filesystem');
      expect(plan.skipped.map(({ why }) => why)).toEqual([expect.stringContaining('/dev/vdb')]);
    });
  },
  2 * testLimitMs,
);

/** A key by which the host is known before it is there. */
async function makeHostKey(): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-host-key-'));
  try {
    const file = join(directory, 'key');
    await runCommand('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
    const [, publicKey = ''] = (await readFile(`${file}.pub`, 'utf8')).split(' ');
    return { privateKey: await readFile(file, 'utf8'), publicKey };
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** What the config set, as the machine has it. */
async function settingsOf(vm: TestVm): Promise<Record<string, string>> {
  const shell = await vm.shell();
  const commands = {
    motd: 'cat /etc/motd',
    key: 'stat -c %a /opt/app/key',
    name: 'hostname',
    zone: 'readlink -f /etc/localtime',
    // Keycode 21 without shift: after 7 bytes of name and 256 flags, two bytes a key; a letter's lower byte is it.
    keyY: 'dumpkmap | dd bs=1 skip=305 count=1 2> /dev/null',
    swappiness: 'cat /proc/sys/vm/swappiness',
    dirty: 'cat /proc/sys/vm/dirty_ratio',
    module: 'awk \'$1 == "dummy" {print $1}\' /proc/modules',
    data: 'findmnt -no FSTYPE /mnt/data',
    page: 'wget -qO- http://127.0.0.1:8080/',
  };
  return shell.outputs(commands);
}

/** How often the commands and scripts of the config ran. */
async function runsOf(vm: TestVm): Promise<Record<string, string>> {
  const shell = await vm.shell();
  const count = (name: string): string => `cat /var/lib/${name} 2> /dev/null | wc -l`;
  return shell.outputs({ boots: count('boots'), runs: count('runs'), scripts: count('scripts') });
}

/** Process ids of what runs with this in its command line, in order. */
async function processes(vm: TestVm, pattern: string): Promise<string[]> {
  const shell = await vm.shell();
  const found = await shell.output(`ps | awk '/${pattern}/ && !/awk/ {print $1}'`);
  return found
    .split('\n')
    .filter((line) => line !== '')
    .toSorted();
}
