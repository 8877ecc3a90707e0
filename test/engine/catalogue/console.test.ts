import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCommand } from '../../../src/engine/run-command.ts';
import { type PrivateEngine, privateEngine } from '../support/private-engine.ts';
import { contextOf, freePort, startSystemContainer } from './support.ts';

describe('the console', () => {
  let rig: PrivateEngine;
  let port = 0;
  const keyFile = (name: string) => join(rig.stateDir, 'keys', name);

  beforeAll(async () => {
    rig = await privateEngine({ version: '20.10', role: 'system', name: 'console' });
    await mkdir(join(rig.stateDir, 'keys'));
    for (const name of ['declared', 'other']) {
      await runCommand('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', keyFile(name)]);
    }
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
    const console = await startSystemContainer(rig, 'console', {
      context: contextOf(rig, 'local'),
      config: {
        users: [
          { ...user, name: 'ops', groups: ['docker'] },
          { ...user, name: 'guest' },
          { ...user, name: 'root' },
        ],
      },
      adjust: { environment: { CONSOLE_PORT: String(port) } },
    });
    await console.healthy();
  });
  afterAll(async () => rig.stop());

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
