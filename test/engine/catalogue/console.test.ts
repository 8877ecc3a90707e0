import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCommand } from '../../../src/engine/run-command.ts';
import { type PrivateEngine, privateEngine } from '../support/private-engine.ts';
import { contextOf, freePort, type SystemContainer, startSystemContainer } from './support.ts';

describe('the console', () => {
  let rig: PrivateEngine;
  let port = 0;
  let console: SystemContainer;
  const keyFile = (name: string) => join(rig.stateDir, 'keys', name);

  beforeAll(async () => {
    rig = await privateEngine({ version: '20.10', role: 'system', name: 'console' });
    await mkdir(join(rig.stateDir, 'keys'));
    for (const [name, type] of Object.entries({
      declared: 'ed25519',
      other: 'ed25519',
      host: 'rsa',
      authority: 'ed25519',
    }))
      await runCommand('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', keyFile(name)]);
    await runCommand('ssh-keygen', ['-q', '-s', keyFile('authority'), '-I', 'console', '-h', `${keyFile('host')}.pub`]);
    port = await freePort();
    const key = await readFile(`${keyFile('declared')}.pub`, 'utf8');
    const user = {
      groups: [],
      createHome: true,
      system: false,
      lockPassword: true,
      sudo: [],
      sshAuthorizedKeys: [key],
    };
    console = await startSystemContainer(rig, 'console', {
      context: contextOf(rig, 'local'),
      config: {
        users: [
          { ...user, name: 'ops', groups: ['docker'] },
          { ...user, name: 'guest' },
          { ...user, name: 'root' },
        ],
        ssh: {
          hostKeys: [
            { type: 'ed25519', privateKey: '-----BEGIN PRIVATE KEY-----\nbm90aGluZw==\n-----END PRIVATE KEY-----\n' },
            {
              type: 'rsa',
              privateKey: await readFile(keyFile('host'), 'utf8'),
              certificate: await readFile(`${keyFile('host')}-cert.pub`, 'utf8'),
            },
          ],
        },
      },
      adjust: { environment: { CONSOLE_PORT: String(port) } },
    });
    await console.healthy();
  });
  afterAll(async () => rig.stop());

  test('is known by the key that it was given, and its certificate; one that is no key is told of', async () => {
    const scanned = async (...options: string[]): Promise<string> =>
      runCommand('ssh-keyscan', [...options, '-p', String(port), '127.0.0.1']);
    const blobOf = async (file: string): Promise<string> => (await readFile(keyFile(file), 'utf8')).split(' ')[1] ?? '';
    const keys = await scanned();
    expect(keys.trim().split('\n')).toEqual([expect.stringContaining(` ssh-rsa ${await blobOf('host.pub')}`)]);
    expect(await scanned('-c')).toContain(await blobOf('host-cert.pub'));
    expect(await console.logs()).toContain('the declared ssh_host_ed25519_key is no private key');
    const kept = await console.exec(['sh', '-c', 'cat /etc/ssh/keys/*; ls /etc/ssh/keys'], 'root');
    expect(kept.output).toMatch(/^ssh-rsa \S+.*\nssh_host_rsa_key\.pub\n$/);
  });

  const ssh = (user: string, key: string, command: string): Promise<{ exitCode: number; output: string }> => {
    const options = [
      'BatchMode=yes',
      'IdentitiesOnly=yes',
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'LogLevel=ERROR',
    ];
    const args = [
      ...options.flatMap((option) => ['-o', option]),
      '-F',
      'none',
      '-p',
      String(port),
      '-i',
      keyFile(key),
      `${user}@127.0.0.1`,
      command,
    ];
    return new Promise((resolve) => {
      execFile('ssh', args, (error, stdout, stderr) => {
        resolve({ exitCode: error === null ? 0 : Number(error.code), output: stdout + stderr });
      });
    });
  };

  test('lets a declared user in with a declared key, to the docker and berth commands', async () => {
    const { exitCode, output } = await ssh(
      'ops',
      'declared',
      'id -un; id -Gn; docker --version; berth status; touch kept && pwd',
    );
    expect({ exitCode, output }).toEqual({
      exitCode: 0,
      output: expect.stringMatching(
        /^ops\nops docker\nDocker version 26\.1\..*\nberth status at .*berth\.sock\n\/home\/ops\n$/,
      ) as unknown,
    });
  });

  test.each([
    { user: 'ops', key: 'other', why: 'a key that is not declared' },
    { user: 'nobody', key: 'declared', why: 'a user that is not declared' },
    { user: 'root', key: 'declared', why: 'root, even when declared' },
  ])('refuses $why', async ({ user, key }) => {
    const { exitCode, output } = await ssh(user, key, 'true');
    expect(exitCode).toBe(255);
    expect(output).toContain('Permission denied (publickey)');
  });

  test('a user who is no administrator has no group that may use the engine', async () => {
    expect(await ssh('guest', 'declared', 'id -Gn')).toEqual({ exitCode: 0, output: 'guest\n' });
  });

  test('nobody becomes root inside', async () => {
    const { exitCode } = await ssh('ops', 'declared', 'su -c true || cat /etc/shadow');
    expect(exitCode).not.toBe(0);
  });
});
