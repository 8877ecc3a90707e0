import { expect, test } from '@jest/globals';
import type { HostStatus, MachineStatus } from '../../../src/agent/model.ts';
import { renderStatus } from '../../../src/cli/status-text.ts';
import { createStyle } from '../../../src/cli/style.ts';

const style = createStyle({ write: () => true }, {}, false);
const network = { ready: true, detail: '', links: [{ name: 'eth0', addresses: ['10.0.2.15/24'] }] };
const config = { datasource: 'nocloud', place: '/dev/vdb (cidata)' };

function machineLines(machine: MachineStatus): string[] {
  const status: HostStatus = {
    ...{ hostname: 'web-1', mode: 'host', version: '1', state: 'healthy', generation: 1, startedAt: '2026-01-01' },
    ...{ engines: [], services: [], skipped: [], machine, lastRound: null },
  };
  return renderStatus(status, 0, style).split('\n\n').at(-1)?.split('\n') ?? [];
}

test.each<[string, MachineStatus, string[]]>([
  [
    'where it has its config from',
    { config, network, problems: [], pending: [], maintenance: null, release: null },
    ['Network  ready  eth0 10.0.2.15/24', 'Config   nocloud  /dev/vdb (cidata)'],
  ],
  [
    'nothing of a config that it did not find',
    { config: null, network, problems: [], pending: [], maintenance: null, release: null },
    ['Network  ready  eth0 10.0.2.15/24'],
  ],
  [
    'what it has of it, when it is older than the command',
    { config, network, problems: [], maintenance: null, release: null },
    ['Network  ready  eth0 10.0.2.15/24', 'Config   nocloud  /dev/vdb (cidata)'],
  ],
  [
    'what is missing, and what is wrong',
    {
      config,
      network: { ready: false, detail: 'no carrier on eth0', links: [] },
      problems: ['/var is memory'],
      pending: [],
      maintenance: null,
      release: null,
    },
    ['Network  not ready: no carrier on eth0', 'Config   nocloud  /dev/vdb (cidata)', '/var is memory'],
  ],
  [
    'what the host is fine without',
    { config: null, network, problems: ['a: b'], warnings: ['c: d'], maintenance: null, release: null },
    ['Network  ready  eth0 10.0.2.15/24', 'a: b', 'warning: c: d'],
  ],
  [
    'what waits for a restart',
    { config, network, problems: [], pending: ['a: b at the next boot'], maintenance: null, release: null },
    [
      'Network  ready  eth0 10.0.2.15/24',
      'Config   nocloud  /dev/vdb (cidata)',
      'Restart  pending  a: b at the next boot',
    ],
  ],
  [
    'which release runs, and which one failed',
    {
      ...{ config, network, problems: [], pending: [], maintenance: null },
      release: {
        version: '1.0',
        isBlessed: true,
        takenBack: { version: '1.1', reason: 'it was not healthy within 300 seconds', at: '2026-01-01T00:00:00.000Z' },
        refused: null,
        staged: null,
        lastLook: null,
      },
    },
    [
      'Network  ready  eth0 10.0.2.15/24',
      'Config   nocloud  /dev/vdb (cidata)',
      'OS       1.0  blessed  1.1 was taken back: it was not healthy within 300 seconds',
    ],
  ],
  [
    'which release the firmware would not start',
    {
      ...{ config, network, problems: [], pending: [], maintenance: null },
      release: {
        ...{ version: '1.0', isBlessed: true, takenBack: null, staged: null, lastLook: null },
        refused: { version: '1.1', reason: 'no key in db signed it', at: '2026-01-01T00:00:00.000Z' },
      },
    },
    [
      'Network  ready  eth0 10.0.2.15/24',
      'Config   nocloud  /dev/vdb (cidata)',
      'OS       1.0  blessed  1.1 was refused: no key in db signed it',
    ],
  ],
])('the status of a host tells %s', (_what, machine, lines) => {
  expect(machineLines(machine)).toEqual(lines);
});
