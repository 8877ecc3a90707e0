import { expect, test } from '@jest/globals';
import { validateConfig } from '../../../../src/config/validate.ts';

const warningsOf = (path: string) =>
  validateConfig({ file: 'a', text: `#cloud-config\nwrite_files: [{path: ${path}, content: a}]\n` });

test.each([
  ['/etc/cloud/cloud.cfg.d/99-a.cfg', 'cloud-init does not run on Berth', 'keys of this config'],
  ['/etc/default/grub.d/50-a.cfg', 'boot loader', 'berth.kernel'],
  ['/etc/fail2ban/jail.local', 'not in the image', 'berth.services'],
  ['/etc/netplan/50-a.yaml', 'network controller', 'berth.network'],
  ['/etc/cron.d/a', 'no cron', 'berth.services'],
  ['/etc/sudoers.d/a', 'no sudo', '"sudo"'],
  ['/etc/apt/sources.list', 'no package manager', 'images'],
])('%s is written, and that nothing reads it is told', (path, why, hint) => {
  expect(warningsOf(path)).toMatchObject([
    {
      severity: 'warning',
      code: 'unsupported',
      message: expect.stringContaining(why),
      hint: expect.stringContaining(hint),
    },
  ]);
});

test.each(['/etc/cloudy', '/etc/default/grubby', '/etc/motd', '/opt/fail2ban/a'])('of %s nothing is said', (path) => {
  expect(warningsOf(path)).toEqual([]);
});
