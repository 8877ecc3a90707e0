import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runCommand } from '../../image/command.ts';
import { freePort } from '../../image/vm/free-port.ts';
import { noted } from './support/sample.ts';
import { testLimitMs, withDirectory, withVm } from './support/test-vm.ts';

/** NFS and SMB servers that need no kernel module: Debian's nfs-ganesha-mem and samba. */
const servers = ['ganesha.nfsd', 'smbd', 'smbpasswd'];
const areThere = servers.every((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0);

const configOf = (nfsPort: number, smbPort: number, nfsOptions = ''): string => `#cloud-config
hostname: shares
mounts:
  - ["10.0.2.2:/fleet", /mnt/nfs, nfs4, "port=${nfsPort}${nfsOptions}"]
  - ["10.0.2.2:/fleet", /mnt/plain, nfs, "port=${nfsPort}"]
  - ["//10.0.2.2/fleet", /mnt/smb, cifs, "port=${smbPort},credentials=/etc/fleet.smb,nofail"]
  - ["//10.0.2.2/fleet", /mnt/guest, cifs, "port=${smbPort},guest,nofail"]
write_files:
  - {path: /etc/fleet.smb, content: "username=root\\npassword=secret\\n", permissions: "0600"}
`;

(areThere ? test : test.skip)(
  `NFS and SMB: a server that is away makes the host degraded until it is back (needs ${servers.join(', ')})`,
  noted('mounts of NFS and SMB: a server that comes late, another version', async () => {
    const [nfsPort, smbPort] = [await freePort(), await freePort()];
    await withDirectory(async (directory) => {
      const running: ChildProcess[] = [await startSmb(directory, smbPort)];
      try {
        await withVm({ userData: configOf(nfsPort, smbPort) }, async (vm) => {
          await vm.start();
          const away = `the server 10.0.2.2 does not answer on port ${nfsPort}`;
          const before = await vm.statusInside('a host that misses its mounts', ({ state }) => state === 'degraded');
          expect(before.machine).toMatchObject({
            problems: [expect.stringContaining(away), expect.stringContaining(away)],
            warnings: [],
          });
          running.push(await startNfs(directory, nfsPort));
          await vm.statusInside('a host with its mounts', ({ state }) => state === 'healthy');
          await vm.line(/^berth: \/mnt\/nfs is as declared now/);

          const shell = await vm.shell();
          expect(await shell.output('cat /mnt/smb/file /mnt/guest/file')).toBe('on the server\non the server');
          expect(await shell.output('echo a > /mnt/nfs/a && ln /mnt/nfs/a /mnt/nfs/b && cat /mnt/plain/b')).toBe('a');

          const other = Buffer.from(configOf(nfsPort, smbPort, ',vers=4.2')).toString('base64');
          await shell.output(`echo ${other} | base64 -d > /run/other.yaml; cd /mnt/nfs`);
          const applied = await shell.run('berth apply /run/other.yaml');
          expect(applied.exitCode).toBe(1);
          expect(applied.output).toContain('/mnt/nfs is in use, so it stays as it is mounted');
          await shell.output('cd /');
          await vm.until('the other version', async () => {
            return (await shell.run('grep " /mnt/nfs " /proc/self/mountinfo')).output.includes('vers=4.2');
          });
          await vm.statusInside('a host with the other version', ({ state }) => state === 'healthy');
        });
      } finally {
        for (const server of running) server.kill('SIGKILL');
      }
    });
  }),
  testLimitMs,
);

/** Only in memory: nothing of it is left. */
async function startNfs(directory: string, port: number): Promise<ChildProcess> {
  const config = join(directory, 'ganesha.conf');
  await writeFile(
    config,
    `NFS_CORE_PARAM { Protocols = 4; Enable_NLM = false; Enable_RQUOTA = false; Enable_UDP = false; NFS_Port = ${port}; }
NFSv4 { Graceless = true; RecoveryRoot = "${directory}"; UseGetpwnam = true; Only_Numeric_Owners = true; }
EXPORT { Export_Id = 1; Path = "/fleet"; Pseudo = "/fleet"; Access_Type = RW; Squash = No_Root_Squash; SecType = sys;
  Protocols = 4; Transports = TCP; FSAL { Name = MEM; } }
`,
  );
  const [log, pid] = [join(directory, 'ganesha.log'), join(directory, 'ganesha.pid')];
  return spawn('ganesha.nfsd', ['-F', '-f', config, '-L', log, '-p', pid], { stdio: 'ignore' });
}

async function startSmb(directory: string, port: number): Promise<ChildProcess> {
  const [config, state, share] = ['smb.conf', 'smb', 'share'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [state, share]) await mkdir(path);
  await writeFile(join(share, 'file'), 'on the server\n');
  const places = [
    'private dir',
    'state directory',
    'cache directory',
    'lock directory',
    'pid directory',
    'ncalrpc dir',
  ];
  await writeFile(
    config,
    `[global]
interfaces = lo
bind interfaces only = yes
smb ports = ${port}
${places.map((place) => `${place} = ${state}`).join('\n')}
log file = ${join(directory, 'smbd.log')}
passdb backend = tdbsam:${join(state, 'passdb.tdb')}
map to guest = bad user
guest account = root
server role = standalone server
load printers = no
disable spoolss = yes
[fleet]
path = ${share}
writable = yes
guest ok = yes
`,
  );
  await runCommand('sh', ['-c', `printf 'secret\\nsecret\\n' | smbpasswd -c '${config}' -s -a root`]);
  return spawn('smbd', ['-F', '--no-process-group', '-s', config], { stdio: 'ignore' });
}
