import { expect, test } from '@jest/globals';
import { parseConfig } from '../../../src/config/parse.ts';

test.each([
  ['systemctl restart docker', true],
  ['/usr/bin/systemctl restart docker', true],
  [['systemctl', 'restart', 'docker'], true],
  [['sh', '-c', 'apt-get update && apt-get install -y curl'], true],
  ['mkdir -p /a && sudo cp b /a', true],
  ['echo systemctl', false],
  ['systemctl-wrapper start', false],
  ['docker ps', false],
])('%j', (command, isTold) => {
  const text = `#cloud-config\nruncmd: ${JSON.stringify([null, command])}\n`;
  const told = parseConfig([{ file: 'a', text }]).diagnostics.map(({ severity, path }) => `${severity} ${path}`);
  expect(told).toEqual(isTold ? ['warning runcmd[1]'] : []);
});
