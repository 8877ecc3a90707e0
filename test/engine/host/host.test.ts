import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ImageRig } from './image-rig.ts';

const hash = `$6$salt$${'a'.repeat(86)}`;
const text = `hostname: web
fqdn: web.example.org
timezone: Europe/Berlin
users:
- {name: ops, groups: [docker], hashed_passwd: ${hash}, lock_passwd: false}
- {name: robot, system: true}
write_files:
- {path: /etc/motd, content: "and so do we\\n", append: true}
- {path: /etc/app/secret, content: s3cret, permissions: "0640", owner: "root:ops"}
- {path: /home/ops/.profile, content: "umask 077\\n", owner: "ops:ops", defer: true}
mounts:
- [tmpfs, /scratch, tmpfs, "size=1m,nosuid"]
- [/var/shared, /srv/shared, none, "bind,ro"]
berth:
  sysctl: {net.ipv4.ip_local_port_range: 20000 30000, net.ipv4.ip_forward: 1}
  modules: [overlay]
  proxy: {http: "http://proxy:3128"}
  console: {password_hash: ${hash}}
`;
const without = text.replace(/mounts:[^]*?berth:/, 'berth:').replace(/write_files:[^]*?berth:/, 'berth:');

let host: ImageRig;

beforeAll(async () => {
  host = await ImageRig.start();
  await host.run('mkdir -p /var/shared');
}, 600_000);
afterAll(async () => await host.stop());

/** What the programs of the host say. */
const facts: Readonly<Record<string, readonly [command: string, answer: string]>> = {
  'its name': ['hostname; cat /etc/hostname', 'web\nweb'],
  'its full name': ['grep -c "^127.0.1.1 web.example.org web$" /etc/hosts', '1'],
  'the time zone': ['date -d @0 +%Z; cat /etc/timezone', 'CET\nEurope/Berlin'],
  'the user': ['id ops', 'uid=1000(ops) gid=1000(ops) groups=1000(ops),991(docker)'],
  'the system user': ['getent passwd robot', 'robot:x:999:999::/nonexistent:/usr/sbin/nologin'],
  'the password': ['grep ^ops: /etc/shadow; stat -c %a /etc/shadow', `ops:${hash}:::::::\n600`],
  'the home, kept in /var': ['readlink /home; stat -c "%a %U" /var/home/ops', 'var/home\n750 ops'],
  'an appended file': ['cat /etc/motd', 'the image says hello\nand so do we'],
  'a file of a group': ['stat -c "%a %U %G" /etc/app/secret; cat /etc/app/secret', '640 root ops\ns3cret'],
  'a deferred file': ['stat -c %U /home/ops/.profile', 'ops'],
  'a mount': ['findmnt -no FSTYPE,OPTIONS /scratch | grep -c "^tmpfs *rw,nosuid.*size=1024k"', '1'],
  'a read-only bind mount': ['touch /srv/shared/x 2>&1 | grep -c "Read-only"', '1'],
  'kernel settings': ['cat /proc/sys/net/ipv4/ip_local_port_range /proc/sys/net/ipv4/ip_forward', '20000\t30000\n1'],
  'the proxy': ['grep -c "^HTTP_PROXY=http://proxy:3128$" /etc/environment', '1'],
  "the console's password": ['cat /run/berth/console.hash; stat -c %a /run/berth/console.hash', `${hash}\n600`],
};

const options = { groupIds: { docker: 991 } };

describe('a host without anything', () => {
  test('becomes as declared, and then there is nothing to do', async () => {
    const { failed, blocked, remaining, done } = await host.apply(text, { ...options, firstApply: true });
    expect({ failed, blocked, remaining }).toEqual({ failed: [], blocked: [], remaining: [] });
    expect(done.length).toBeGreaterThan(15);
  });

  test.each(Object.entries(facts))('has %s', async (_name, [command, answer]) => {
    expect(await host.run(command)).toBe(answer);
  });
});

describe('after a reboot', () => {
  test('it is as declared again', async () => {
    await host.reboot();
    expect(await host.run('cat /etc/hostname')).toBe('berth');
    const { failed, blocked, remaining } = await host.apply(text, { ...options, boot: true }, text);
    expect({ failed, blocked, remaining }).toEqual({ failed: [], blocked: [], remaining: [] });
  });

  test.each(Object.entries(facts))('has %s', async (_name, [command, answer]) => {
    expect(await host.run(command)).toBe(answer);
  });
});

describe('while it runs', () => {
  test('what somebody changed is put right, and nothing else', async () => {
    await host.run('rm /etc/app/secret; hostname other; umount /scratch; echo x >> /etc/passwd');
    const { done, remaining } = await host.apply(text, options, text);
    expect(done.toSorted()).toEqual([
      'mount:mount/scratch',
      'set-hostname:host/hostname',
      'write-file:/etc/app/secret',
      'write-file:/etc/passwd',
    ]);
    expect(remaining).toEqual([]);
  });

  test('what is not declared any more goes', async () => {
    const { failed, remaining } = await host.apply(without, options, text);
    expect({ failed, remaining }).toEqual({ failed: [], remaining: [] });
    expect(await host.run('cat /etc/motd; ls /etc/app; findmnt -no TARGET /scratch /srv/shared || echo none')).toBe(
      'the image says hello\nnone',
    );
  });

  test('a setting that the kernel refuses fails by itself', async () => {
    const { failed, done } = await host.apply(without.replace('ip_forward: 1', 'ip_forward: many'), options, without);
    expect(failed).toEqual([
      'set-sysctl:sysctl/net.ipv4.ip_forward: net.ipv4.ip_forward cannot be set to many: the kernel refuses it (EINVAL)',
    ]);
    expect(done).toEqual([]);
  });
});
