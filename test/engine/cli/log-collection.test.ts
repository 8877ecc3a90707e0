import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PlanReport } from '../../../src/agent/model.ts';
import { freePort } from '../catalogue/support.ts';
import { cacheDir } from '../support/cache.ts';
import { LocalInstance } from '../support/local-instance.ts';
import { engineVersions, sharedEngine } from '../support/shared-engines.ts';
import { testImage } from '../support/test-image.ts';

describe.each(engineVersions)('syslog with a user engine of Docker %s', (version) => {
  const { engine, socket } = sharedEngine(version);
  const environment = { BERTH_CACHE: cacheDir, BERTH_INSTANCE: `logs${version.replace('.', '')}` };
  let instance: LocalInstance;
  let image = '';
  let port = 0;

  beforeAll(async () => {
    instance = await LocalInstance.create();
    [image, port] = [await testImage(engine), await freePort()];
  });
  afterAll(async () => instance.dispose());

  const config = (enable: string): string => `#cloud-config
berth:
  enable: [${enable}]
  services:
    syslog: {environment: {SYSLOG_PORT: "${port}"}}
    web:
      image: ${image}
      command: [sh, -c, "echo first of web; echo trouble of web >&2; exec sleep 100000"]
      stop_signal: SIGKILL
    tool:
      image: berth/busybox:latest
      pull_policy: never
      command: [sh, -c, "echo first of tool; exec sleep 100000"]
      stop_signal: SIGKILL
      x-berth: {engine: system}
    quiet:
      image: ${image}
      command: [sh, -c, "echo first of quiet; exec sleep 100000"]
      stop_signal: SIGKILL
      logging: {driver: local}
`;

  async function collected(): Promise<string> {
    const { stdout } = await instance.berth([
      ...['service', 'exec', '--socket', instance.socket, 'syslog'],
      ...['cat', '/var/log/services/services.log'],
    ]);
    return stdout;
  }

  test('collects from services on both engines what they say first, under their names', async () => {
    await writeFile(join(instance.directory, 'logs.yaml'), config('syslog'));
    const up = ['up', '--state', instance.stateDirectory, '--engine', `unix://${socket}`, '--config', 'logs.yaml'];
    const { code, stdout, stderr } = await instance.berth(up, environment);
    expect([code, code === 0 ? '' : `${stdout}${stderr}`]).toEqual([0, '']);
    let text = await collected();
    for (let tries = 0; tries < 100 && !/web info/.test(text); tries += 1) {
      await sleep(100);
      text = await collected();
    }
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\S+`;
    expect(text).toMatch(new RegExp(`^${time} web info: first of web$`, 'm'));
    expect(text).toMatch(new RegExp(`^${time} web err: trouble of web$`, 'm'));
    expect(text).toMatch(new RegExp(`^${time} tool info: first of tool$`, 'm'));
    expect(text).not.toContain('first of quiet');
  });

  test('every log can be read as ever', async () => {
    for (const name of ['web', 'tool', 'quiet'])
      expect((await instance.ask(['logs', name])).stdout).toContain(`first of ${name}\n`);
  });

  test('without it the services get new containers, and the plan says why', async () => {
    await writeFile(join(instance.directory, 'none.yaml'), config(''));
    const { stdout } = await instance.ask(['plan', '--json', 'none.yaml']);
    const { steps } = JSON.parse(stdout) as PlanReport;
    expect(steps.map(({ id, reasons }) => [id, reasons]).sort()).toEqual([
      [`remove-service:logs${version.replace('.', '')}-syslog`, ['berth.enable.syslog removed']],
      ['replace-service:tool', ['berth.enable.syslog removed']],
      ['replace-service:web', ['berth.enable.syslog removed']],
    ]);
  });
});
