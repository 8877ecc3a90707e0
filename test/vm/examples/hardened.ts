import { spawn } from 'node:child_process';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { sshArguments } from '../../../image/vm/ssh.ts';
import { hostSocket } from '../../../src/cli/sockets.ts';
import { engineGroupId } from '../../../src/services/catalogue/variables.ts';
import type { TestVm } from '../support/test-vm.ts';
import { asItIs, type Example, inService, type Stage } from './example.ts';

/** All that listens, as PROTOCOL ADDRESS:PORT: SSH, the service, and the DHCP client. */
const ports = ['tcp 0.0.0.0:22', 'tcp 127.0.0.1:8080', 'tcp :::22', 'udp 0.0.0.0:68'];
/** The DHCP client's as well, from the moment that a router tells it to ask. */
const dhcpV6Port = 'udp :::546';

const sysctl = {
  'kernel.kptr_restrict': '2',
  'kernel.dmesg_restrict': '1',
  'kernel.kexec_load_disabled': '1',
  'kernel.sysrq': '0',
  'net.core.bpf_jit_harden': '2',
  'fs.protected_fifos': '2',
  'fs.protected_regular': '2',
  'net.ipv4.conf.all.accept_redirects': '0',
  'net.ipv4.conf.all.send_redirects': '0',
  'net.ipv6.conf.all.accept_redirects': '0',
  'net.ipv4.conf.all.rp_filter': '1',
};

const check: Stage['check'] = async (vm) => {
  const shell = await vm.shell();
  await expectNoPasswords(vm);
  await expectClosedConsole(vm);
  expect(await shell.output("awk -F: '{print $1, $2}' /etc/shadow | grep -vE ' [!*]+$' || true")).toBe('');

  for (const [name, value] of Object.entries(sysctl))
    expect(`${name}=${await shell.output(`cat /proc/sys/${name.replaceAll('.', '/')}`)}`).toBe(`${name}=${value}`);

  const listening = await shell.output(`netstat -lntu | awk '/^(tcp|udp)/ {sub(/[46]$/, "", $1); print $1, $4}'`);
  expect(
    listening
      .split('\n')
      .filter((port) => port !== dhcpV6Port)
      .toSorted(),
  ).toEqual(ports);
  expect(await shell.output(`stat -c '%a %u %g' ${hostSocket}`)).toBe(`660 0 ${engineGroupId}`);

  await expectHarmlessService(vm);
};

/** The server does not even offer passwords, to nobody. */
async function expectNoPasswords(vm: TestVm): Promise<void> {
  for (const user of ['ops', 'root']) {
    const options = [
      'PreferredAuthentications=password,keyboard-interactive',
      'PubkeyAuthentication=no',
      'BatchMode=no',
    ];
    const words = sshArguments({ ...vm.target, user }, [...options.flatMap((one) => ['-o', one]), '-v']);
    const { exitCode, output } = await run('ssh', [...words, 'true']);
    expect(exitCode).toBe(255);
    expect(output).toContain('Authentications that can continue: publickey\n');
    expect(output).toContain('Permission denied (publickey)');
  }
}

/** Nothing answers to whoever stands at the machine's own console. */
async function expectClosedConsole(vm: TestVm): Promise<void> {
  const before = await vm.vm.serial();
  const socket = createConnection(vm.vm.files.serialSocket);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.write('\r\nroot\r\n\r\nid\r\n');
  await sleep(5000);
  socket.destroy();
  const said = (await vm.vm.serial()).slice(before.length);
  expect(said).not.toMatch(/login|password|uid=|[#$] $/i);
}

/** The service can neither write where it is not to, nor become somebody else. */
async function expectHarmlessService(vm: TestVm): Promise<void> {
  const client = await vm.client();
  const sh = (script: string) => inService(client, 'web', ['sh', '-c', script]);
  const shell = await vm.shell();
  expect(await shell.output('wget -qO- http://127.0.0.1:8080/')).toBe('kept safe');
  expect(await sh('id -u; id -g')).toEqual({ exitCode: 0, output: '20001\n20001' });
  expect(await sh('touch /file')).toMatchObject({ exitCode: 1, output: expect.stringContaining('Read-only') });
  expect(await sh('su -c id')).toMatchObject({ exitCode: 1 });
  const script = 'echo "#!/bin/sh" > /tmp/script && chmod 755 /tmp/script && /tmp/script';
  expect(await sh(script)).toMatchObject({ exitCode: 126, output: expect.stringContaining('Permission denied') });
  const status = await sh('grep -E "^(NoNewPrivs|Cap|Seccomp:)" /proc/1/status');
  expect(status.output.split(/\s+/).join(' ')).toBe(
    [...['CapInh:', 'CapPrm:', 'CapEff:', 'CapBnd:', 'CapAmb:'].map((name) => `${name} 0000000000000000`)]
      .concat('NoNewPrivs: 1', 'Seccomp: 2')
      .join(' '),
  );
}

async function run(program: string, words: readonly string[]): Promise<{ exitCode: number; output: string }> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? -1));
  });
  return { exitCode, output: output.replaceAll('\r', '') };
}

/** hardened.yaml. */
export const hardened: Example = {
  file: 'hardened.yaml',
  promise: 'no password, no port and no right but those declared',
  stage: asItIs(check),
};
