import { readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { HostStatus, LedgerEntry } from '../../../src/agent/model.ts';
import { LocalInstance, launcher, type Outcome } from '../support/local-instance.ts';

const config = '#cloud-config\nberth:\n  enable: [ntp]\n';

let instance: LocalInstance;

beforeAll(async () => {
  instance = await LocalInstance.create();
  await writeFile(join(instance.directory, 'ntp.yaml'), config);
});

afterAll(async () => instance.dispose());

describe('the launcher', () => {
  test('works through a symbolic link and from another folder', async () => {
    await symlink(launcher, join(instance.directory, 'linked'));
    const { code, stdout } = await instance.run(join(instance.directory, 'linked'), ['validate', 'ntp.yaml']);
    expect([code, stdout]).toEqual([0, 'ntp.yaml: valid\n']);
  });

  test('hands the exit code through', async () => {
    expect((await instance.berth(['no-such-command'])).code).toBe(2);
  });
});

describe('berth up', () => {
  test('goes from nothing to a healthy system service, and says how to reach it', async () => {
    const { code, stdout, stderr } = await up();
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Done: the host is as declared (generation 1).');
    expect(stdout).toMatch(/^ntp +healthy/m);
    expect(stdout).toContain(`API: unix socket ${instance.socket}`);
  });

  test('a second time changes nothing', async () => {
    const before = await status();
    const { code } = await up();
    const after = await status();
    expect(code).toBe(0);
    expect([after.generation, after.startedAt]).toEqual([before.generation, before.startedAt]);
    expect(after.services.map(({ containerId }) => containerId)).toEqual(
      before.services.map(({ containerId }) => containerId),
    );
  });

  test('the ledger says why the service runs', async () => {
    const { stdout } = await instance.ask(['ledger', '--json', '--subject', 'ntp']);
    const entries = JSON.parse(stdout) as LedgerEntry[];
    expect(entries.map(({ outcome }) => outcome)).not.toContain('failed');
    expect(entries.some(({ subject }) => subject === 'service/ntp')).toBe(true);
  });

  test('logs and exec reach the service', async () => {
    expect((await instance.ask(['logs', 'ntp', '-n', '5'])).code).toBe(0);
    const { stdout } = await instance.berth(['debug', 'ntp', '--socket', instance.socket, '--', '/bin/echo', 'here']);
    expect(stdout).toBe('here\n');
  });

  test('down ends the agent, its engine and its containers, and leaves the data', async () => {
    expect((await instance.down()).code).toBe(0);
    expect(await instance.processes()).toEqual([]);
    expect(await readdir(instance.stateDirectory)).toEqual(expect.arrayContaining(['generations', 'ledger']));
  });
});

async function up(): Promise<Outcome> {
  return instance.berth(['up', '--state', instance.stateDirectory, '--config', 'ntp.yaml']);
}

async function status(): Promise<HostStatus> {
  return JSON.parse((await instance.ask(['status', '--json'])).stdout) as HostStatus;
}
