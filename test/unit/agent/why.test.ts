import { describe, expect, test } from '@jest/globals';
import type { HostStatus, LedgerEntry } from '../../../src/agent/model.ts';
import { explain } from '../../../src/agent/why.ts';
import { isBerthError } from '../../../src/core/errors.ts';
import type { Reason } from '../../../src/core/plan.ts';

const config: Reason = { kind: 'config', key: 'berth.services.db.image', change: 'changed' };
const entries = [
  entry(4, 'network/front', { kind: 'boot' }),
  entry(3, 'service/web', { kind: 'dependency', service: 'db', cause: config }),
  entry(2, 'service/db', config),
  entry(1, 'service/db', { kind: 'config', key: 'berth.services.db', change: 'added' }),
  entry(0, 'os/1.1.0', { kind: 'boot' }),
];
const status: HostStatus = {
  hostname: 'h',
  mode: 'local',
  version: '0',
  state: 'healthy',
  generation: 1,
  startedAt: '',
  engines: [{ name: 'user', state: 'failed', version: '', socket: '', detail: 'no space left' }],
  services: (['web', 'db'] as const).map((name) => ({
    name,
    engine: 'user',
    origin: 'config',
    state: name === 'web' ? 'healthy' : 'backoff',
    detail: name === 'web' ? '' : 'exited with 1',
    image: 'a',
    ports: [],
    restarts: 0,
    critical: false,
    essential: false,
  })),
  skipped: [{ subject: 'host/hostname', key: 'hostname', why: 'local' }],
  machine: {
    ...{ config: null, network: null, problems: [], maintenance: null },
    release: { version: '1.1.0', isBlessed: false, takenBack: null, staged: null, lastLook: null },
  },
  lastRound: null,
};
const places: Readonly<Record<string, string>> = {
  'berth.services.web': 'a.yaml:3',
  hostname: 'a.yaml:1',
  'berth.update': 'a.yaml:20',
  'berth.networks.front': 'a.yaml:9',
};
const facts = { status, entries, declaredAt: (key: string) => places[key] ?? null };

describe('explain', () => {
  test.each([
    ['a service', 'web', 'healthy', 'a.yaml:3', [3]],
    ['a service by its subject', 'service/web', 'healthy', 'a.yaml:3', [3]],
    ['a service in trouble, with the reason', 'db', 'backoff: exited with 1', null, [2, 1]],
    ['a config key: also what it caused elsewhere', 'berth.services.db.image', 'not declared any more', null, [3, 2]],
    ['a key that is left alone here', 'hostname', 'skipped: local', 'a.yaml:1', []],
    ['a network', 'network/front', 'declared', 'a.yaml:9', [4]],
    ['the release that runs', 'os', '1.1.0: on trial', 'a.yaml:20', [0]],
    ['an engine', 'engine/user', 'failed: no space left', null, []],
  ])('%s', (_rule, subject, now, declaredAt, sequences) => {
    const report = explain(subject, facts);
    expect([report.now, report.declaredAt, report.entries.map(({ sequence }) => sequence)]).toEqual([
      now,
      declaredAt,
      sequences,
    ]);
  });

  test('what nothing is known of is NOT_FOUND, with the names there are', () => {
    let thrown: unknown;
    try {
      explain('nope', facts);
    } catch (error) {
      thrown = error;
    }
    expect(isBerthError(thrown, 'NOT_FOUND') && thrown.hint).toContain('web, db');
  });
});

function entry(sequence: number, subject: string, reason: Reason): LedgerEntry {
  return {
    sequence,
    at: '',
    generation: 1,
    kind: 'x',
    subject,
    cost: 'live',
    reason,
    summary: 'x',
    outcome: 'done',
    durationMs: 1,
  };
}
