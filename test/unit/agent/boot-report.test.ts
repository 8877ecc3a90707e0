import { expect, test } from '@jest/globals';
import { bootReport, type ReportFacts } from '../../../src/agent/boot-report.ts';
import { type Diagnostic, diagnosticLine } from '../../../src/core/diagnostic.ts';

const diagnostic: Diagnostic = {
  ...{ file: 'user-data', line: 3, column: 5, path: 'hostname', severity: 'error' },
  ...{ code: 'invalid-value', message: 'a-b_ is no host name', hint: 'letters' },
};

function facts(more: Partial<ReportFacts> = {}): ReportFacts {
  const machine = {
    config: null,
    network: null,
    problems: ['disk hunter2 is gone'],
    pending: [],
    maintenance: null,
    release: null,
  };
  const service = { engine: 'user', origin: 'config', detail: '', image: '', ports: [], restarts: 0 } as const;
  const marks = { critical: false, essential: false };
  return {
    ...{ phase: 'end', now: 0, origin: '/dev/vdb', machineId: 'm', bootId: 'b', diagnostics: [diagnostic] },
    redact: (text) => text.replaceAll('hunter2', '***'),
    status: {
      ...{ hostname: 'h', mode: 'host', version: '1', state: 'degraded', generation: 2, startedAt: '', engines: [] },
      ...{ skipped: [], lastRound: null, machine },
      services: [
        { name: 'web', state: 'healthy', ...service, ...marks },
        { name: 'db', state: 'backoff', ...service, ...marks },
      ],
    },
    ...more,
  };
}

test('a report says who, what and where, without secrets', () => {
  expect(bootReport(facts())).toEqual({
    ...{ kind: 'berth-boot', phase: 'end', at: '1970-01-01T00:00:00.000Z', hostname: 'h', machineId: 'm', bootId: 'b' },
    ...{ version: '1', origin: '/dev/vdb', state: 'degraded', generation: 2, os: null },
    services: [{ name: 'db', state: 'backoff' }],
    problems: ['disk *** is gone'],
    diagnostics: [{ ...diagnostic, hint: null }],
  });
});

test.each([
  ['berth.registries.r.password', 'wrong-type', 'expected text, found 12345', '12345'],
  ['users[0].passwd', 'invalid-value', '"s3cret" is no hash', 's3cret'],
  ['', 'yaml-syntax', 'Unresolved alias (the anchor must be set before the alias): s3cret', 's3cret'],
  ['', 'yaml-alias', '"*s3cret" has no anchor', 's3cret'],
])('what a message about %s (%s) repeats stays on the host', (path, code, message, secret) => {
  const found = { ...diagnostic, path, code, message };
  const { status } = facts();
  const machine = {
    config: null,
    network: null,
    problems: [diagnosticLine(found)],
    pending: [],
    maintenance: null,
    release: null,
  };
  const report = bootReport(facts({ diagnostics: [found], status: { ...status, machine } }));
  expect(report.diagnostics).toMatchObject([{ path, line: 3, column: 5 }]);
  expect(JSON.stringify(report)).not.toContain(secret);
});

test('a report stays small', () => {
  const many = Array.from({ length: 5000 }, () => ({ ...diagnostic, message: 'x'.repeat(5000) }));
  expect(JSON.stringify(bootReport(facts({ diagnostics: many }))).length).toBeLessThan(50_000);
});
