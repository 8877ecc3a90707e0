import { expect, test } from '@jest/globals';
import type { HostStatus, ReleaseSummary } from '../../../src/agent/model.ts';
import { formatMetrics, statusMetrics } from '../../../src/api/metrics.ts';

const at = '2026-05-01T00:00:00.000Z';
const seconds = Date.parse(at) / 1000;
const quiet: ReleaseSummary = {
  ...{ version: '1.0', isBlessed: true, takenBack: null, refused: null, staged: null, lastLook: null },
};

/** The lines about releases, without what explains them. */
function releaseLines(release: ReleaseSummary): string[] {
  const status: HostStatus = {
    ...{ version: '1', hostname: 'h', mode: 'host', startedAt: at, generation: 1, state: 'healthy' },
    ...{ services: [], engines: [], skipped: [], lastRound: null },
    machine: { config: null, network: null, problems: [], pending: [], maintenance: null, release },
  };
  return formatMetrics(statusMetrics(status))
    .split('\n')
    .filter((line) => line.startsWith('berth_os_'));
}

test.each<[string, Partial<ReleaseSummary>, string[]]>([
  ['nothing besides', {}, []],
  ['on trial', { isBlessed: false }, []],
  [
    'one that was taken back',
    { takenBack: { version: '1.1', reason: 'x', at } },
    [`berth_os_taken_back_timestamp_seconds{version="1.1"} ${seconds}`],
  ],
  [
    'one that was refused',
    { refused: { version: '1.1', reason: 'x', at } },
    [`berth_os_refused_timestamp_seconds{version="1.1"} ${seconds}`],
  ],
  ['one that boots next', { staged: '1.1' }, ['berth_os_staged{version="1.1"} 1']],
  [
    'looks that failed',
    { lastLook: { at, failures: 3 } },
    [`berth_os_last_look_timestamp_seconds ${seconds}`, 'berth_os_look_failures 3'],
  ],
])('releases in numbers: %s', (_, change, lines) => {
  const release = { ...quiet, ...change };
  expect(releaseLines(release)).toEqual([`berth_os_blessed{version="1.0"} ${Number(release.isBlessed)}`, ...lines]);
});
