import { describe, expect, test } from '@jest/globals';
import { logTarget } from '../../../src/config/dialects/cloud-init/rsyslog.ts';
import { parseConfig } from '../../../src/config/parse.ts';

test.each([
  ['192.0.2.1', 'udp://192.0.2.1:514'],
  ['@192.0.2.1:1514', 'udp://192.0.2.1:1514'],
  ['*.* @@logs.example.org', 'tcp://logs.example.org:514'],
  ['* @@logs.example.org:10514 # ours', 'tcp://logs.example.org:10514'],
  ['*.* @[2001:db8::1]:514', 'udp://[2001:db8::1]:514'],
  ['auth.* @192.0.2.1', undefined],
  ['*.* @@(o)192.0.2.1', undefined],
  ['*.* /var/log/all.log', undefined],
  ['@192.0.2.1:99999', undefined],
  ['*.* @a @b', undefined],
  ['', undefined],
])('the line %j sends everything to %s', (line, target) => {
  expect(logTarget(line)).toBe(target);
});

function read(text: string) {
  const { config, diagnostics } = parseConfig([{ file: 'a', text: `#cloud-config\n${text}` }]);
  return {
    forward: config.compose.services['syslog']?.environment?.['SYSLOG_FORWARD'],
    enabled: config.enable,
    told: diagnostics.map(({ severity, code, path }) => `${severity} ${code} ${path}`).toSorted(),
  };
}

describe('rsyslog', () => {
  test('its targets are those of the system container', () => {
    expect(
      read(`rsyslog:
  remotes: {one: "*.* @192.0.2.1", none: null, again: "@192.0.2.1:514"}
  configs:
    - "# a comment\\n*.* @@192.0.2.2:601"
    - {content: "*.* @@192.0.2.3"}
`),
    ).toEqual({
      forward: 'udp://192.0.2.1:514 tcp://192.0.2.2:601 tcp://192.0.2.3:514',
      enabled: ['syslog'],
      told: [],
    });
  });

  test('what the system container cannot do is told, line by line, and enables nothing', () => {
    expect(
      read(`rsyslog:
  remotes: {mail: "mail.* @192.0.2.1"}
  configs: [{filename: 99-own.conf, content: "module(load=\\"imtcp\\")\\n:msg, contains, \\"x\\" /var/log/x\\n"}]
  config_dir: /etc/rsyslog.d
`),
    ).toEqual({
      forward: undefined,
      enabled: [],
      told: [
        'warning unsupported rsyslog.remotes.mail',
        'warning unsupported rsyslog.configs[0].content',
        'warning unsupported rsyslog.configs[0].content',
        'warning unsupported rsyslog.configs[0].filename',
        'warning unsupported rsyslog.config_dir',
      ].toSorted(),
    });
  });

  test('what berth.services says goes before', () => {
    expect(
      read(`rsyslog: {remotes: {one: 192.0.2.1}}
berth: {services: {syslog: {environment: {SYSLOG_FORWARD: "tcp://192.0.2.9:1"}, mem_limit: 64m}}}
`),
    ).toEqual({ forward: 'tcp://192.0.2.9:1', enabled: ['syslog'], told: ['warning no-effect rsyslog'] });
  });

  test('the container keeps what else is said of it', () => {
    expect(
      read(`rsyslog: {remotes: {one: 192.0.2.1}}
berth: {services: {syslog: {environment: {SYSLOG_PORT: "5140"}}}}
`).forward,
    ).toBe('udp://192.0.2.1:514');
  });
});
