import { expect, test } from '@jest/globals';
import { freePort } from '../../image/vm/free-port.ts';
import { noted } from './support/sample.ts';
import { ShareServers } from './support/share-servers.ts';
import { testLimitMs, withDirectory, withVm } from './support/test-vm.ts';

const configOf = (nfsPort: number, smbPort: number, nfsOptions = ''): string => `#cloud-config
hostname: shares
mounts:
  - ["10.0.2.2:/fleet", /mnt/nfs, nfs4, "port=${nfsPort}${nfsOptions}"]
  - ["10.0.2.2:/fleet", /mnt/plain, nfs, "port=${nfsPort}"]
  - ["//10.0.2.2/fleet", /mnt/smb, cifs, "port=${smbPort},credentials=/etc/fleet.smb,nofail"]
  - ["//10.0.2.2/fleet", /mnt/guest, cifs, "port=${smbPort},guest,nofail,uid=nobody,gid=nogroup"]
write_files:
  - {path: /etc/fleet.smb, content: "username=root\\npassword=secret\\n", permissions: "0600"}
berth:
  services:
    keeper:
      image: berth/busybox:latest
      pull_policy: never
      command: [sh, -c, "echo kept > /data/by-service; exec sleep 100000"]
      stop_signal: SIGKILL
      volumes: ["/mnt/nfs:/data"]
`;

test(
  'NFS and SMB: a server that is away makes the host degraded until it is back',
  noted('mounts of NFS and SMB: a server that comes late, another version', async () => {
    const [nfsPort, smbPort] = [await freePort(), await freePort()];
    await withDirectory(async (directory) => {
      const servers = await ShareServers.open(directory);
      try {
        await servers.startSmb(smbPort);
        await withVm({ userData: configOf(nfsPort, smbPort) }, async (vm) => {
          await vm.start();
          const away = `the server 10.0.2.2 does not answer on port ${nfsPort}`;
          const before = await vm.statusInside('a host that misses its mounts', ({ state }) => state === 'degraded');
          expect(before.machine).toMatchObject({
            problems: [expect.stringContaining(away), expect.stringContaining(away)],
            warnings: [],
          });
          expect(await vm.vm.serial()).not.toContain('shares is healthy');
          // It would have an empty directory for as long as it runs.
          await vm.statusInside('a service that misses its mount', ({ services }) =>
            services.some(
              ({ name, state, detail }) =>
                name === 'keeper' && state === 'failed' && detail.startsWith('waits for /mnt/nfs to be mounted: '),
            ),
          );
          await servers.startNfs(nfsPort);
          await vm.statusInside('a host with its mounts', ({ state }) => state === 'healthy');
          await vm.line(/^berth: \/mnt\/nfs is as declared now/);

          const shell = await vm.shell();
          expect(await shell.output('cat /mnt/nfs/by-service')).toBe('kept');
          expect(await shell.output('cat /mnt/smb/file /mnt/guest/file')).toBe('on the server\non the server');
          expect(await shell.output('stat -c %U:%G /mnt/guest/file')).toBe('nobody:nogroup');
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
        servers.close();
      }
    });
  }),
  testLimitMs,
);
