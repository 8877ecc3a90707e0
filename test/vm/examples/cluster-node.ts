import { expect } from '@jest/globals';
import { asItIs, type Example, inService, logOf, type Stage } from './example.ts';

const check: Stage['check'] = async (vm) => {
  const client = await vm.client();
  const before = await client.status();
  const stateOf = (name: string) => before.services.find((service) => service.name === name);
  expect(stateOf('prepare')).toMatchObject({ state: 'done' });
  expect(stateOf('node-exporter')).toMatchObject({ state: 'healthy', engine: 'system' });

  // The task was done when the server began: its page says so.
  const page = await fetch(`http://127.0.0.1:${vm.portTo(8080)}/`);
  expect(await page.text()).toBe('ready as worker\n');

  const shell = await vm.shell();
  const metrics = await shell.output('wget -qO- http://127.0.0.1:9100/metrics');
  expect(metrics).toMatch(/^node_load1 [\d.]+$/m);
  expect(metrics).toMatch(/^node_filesystem_size_bytes{.*mountpoint="\/var".*} [\d.e+]+$/m);
  expect(metrics).toMatch(/^node_uname_info{.*nodename="node-1".*} 1$/m);

  const berlin = new Intl.DateTimeFormat('de', { timeZone: 'Europe/Berlin', hour: '2-digit', minute: '2-digit' });
  expect(berlin.format(new Date(stateOf('cleanup')?.nextRun ?? 0))).toBe('03:30');
  expect(await shell.output('readlink -f /etc/localtime')).toBe('/usr/share/zoneinfo/Europe/Berlin');

  const run = await vm.until('a second run of the job', async () => {
    const { output } = await inService(client, 'worker', ['cat', '/shared/heartbeats']);
    const { services } = await client.status();
    const name = services.find((service) => service.name === 'heartbeat')?.containerName;
    return output.split('\n').filter((line) => line.startsWith('20')).length > 1 ? name : undefined;
  });
  // The name holds the second at which it was due: a whole minute.
  const due = Number(/^berth-heartbeat\.run-(\d+)$/.exec(run)?.[1]);
  expect(due % 60).toBe(0);
  await vm.until('what the last run wrote', async () => (await logOf(client, 'heartbeat')) === 'beat');

  const collected = await vm.until('the lines at the collector', async () => {
    const { output } = await inService(client, 'syslog', ['cat', '/var/log/services/services.log']);
    return output.includes('beat') ? output : undefined;
  });
  expect(collected).toMatch(/prepare.*prepared/);
  expect(collected).toMatch(/heartbeat.*beat/);
};

/** cluster-node.yaml. */
export const clusterNode: Example = {
  file: 'cluster-node.yaml',
  promise: 'a task before a service, jobs by the clock, metrics, and logs in one place',
  stage: asItIs(check, { guestPorts: [8080] }),
};
