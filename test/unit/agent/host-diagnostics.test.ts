import { expect, test } from '@jest/globals';
import { foreignEngineDiagnostics } from '../../../src/agent/host-diagnostics.ts';
import { parseConfig } from '../../../src/config/parse.ts';

const diagnose = (text: string): string[] => {
  const files = [{ file: 'a.yaml', text: `#cloud-config\nberth:\n${text}` }];
  const parsed = parseConfig(files);
  expect(parsed.diagnostics).toEqual([]);
  return foreignEngineDiagnostics(parsed.config, parsed, files).map(
    ({ file, line, severity, path }) => `${file}:${line} ${severity} ${path}`,
  );
};

test.each([
  { text: '  engines: {user: {daemon: {debug: true}}}', says: ['a.yaml:3 warning berth.engines.user.daemon'] },
  {
    text: '  registries: {docker.io: {mirrors: [m]}, b: {insecure: true}, c: {username: u, password: p}}',
    says: ['a.yaml:3 warning berth.registries["docker.io"]', 'a.yaml:3 warning berth.registries.b'],
  },
  { text: '  proxy: {http: "http://p:1"}', says: ['a.yaml:3 warning berth.proxy'] },
  {
    text: '  dns: {servers: [9.9.9.9]}\n  engines: {user: {log_driver: syslog}, system: {daemon: {debug: true}}}',
    says: [],
  },
])('an engine that is not ours: $text', ({ text, says }) => {
  expect(diagnose(text)).toEqual(says);
});
