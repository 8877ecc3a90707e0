import { describe, expect, test } from '@jest/globals';
import { parseConfig } from '../../../../src/config/parse.ts';

function parse(files: Readonly<Record<string, string>>, more = '') {
  const entries = Object.entries(files).map(([path, content]) => ({ path, content }));
  const text = `#cloud-config\nwrite_files: ${JSON.stringify(entries)}\n${more}`;
  const { config, diagnostics } = parseConfig([{ file: 'a', text }]);
  return { config, told: diagnostics.map(({ severity, code, path }) => `${severity} ${code} ${path}`) };
}

describe('files that say what other systems do at a boot', () => {
  test('kernel settings, in the order of systemd-sysctl; a key goes before them', () => {
    const { config, told } = parse(
      {
        '/etc/sysctl.d/20-b.conf': '# a comment\n; another\nvm.swappiness = 10\n-net/ipv4/conf/eth0.5/forwarding=1\n',
        '/etc/sysctl.d/10-a.conf': 'vm.swappiness=60\nkernel.pid_max = 99999\nkernel.sysrq=1\n',
        '/etc/sysctl.conf': 'kernel.sysrq=0\n',
      },
      'berth: {sysctl: {kernel.pid_max: 5}}\n',
    );
    expect(config.sysctl).toEqual({
      'vm.swappiness': '10',
      'kernel.pid_max': '5',
      'kernel.sysrq': '0',
      'net.ipv4.conf.eth0/5.forwarding': '1',
    });
    expect(told).toEqual([]);
  });

  test('a setting for several devices is told of', () => {
    const { config, told } = parse({ '/etc/sysctl.d/a.conf': 'net.ipv4.conf.*.rp_filter = 1\n' });
    expect([config.sysctl, told]).toEqual([{}, ['warning unsupported write_files[0]']]);
  });

  test('a line that is no setting is told of', () => {
    const { config, told } = parse({ '/etc/sysctl.d/a.conf': 'vm.swappiness 1\nkernel = 5\n' });
    expect([config.sysctl, told]).toEqual([
      {},
      ['warning invalid-value write_files[0]', 'warning invalid-value write_files[0]'],
    ]);
  });

  test('kernel modules', () => {
    const { config, told } = parse(
      { '/etc/modules-load.d/k8s.conf': 'br_netfilter\n# no\noverlay\n', '/etc/modules': 'overlay\nnot a name\n' },
      'berth: {modules: [br_netfilter]}\n',
    );
    expect([config.modules, told]).toEqual([['br_netfilter', 'overlay'], ['warning invalid-value write_files[1]']]);
  });

  test.each([
    ['alone', '', 'web-1'],
    ['beside a key', 'hostname: other\n', 'other'],
  ])('the host name %s', (_, more, hostname) => {
    expect(parse({ '/etc/hostname': '# mine\nweb-1\n' }, more).config.hostname).toBe(hostname);
  });

  test('in an Ignition config, too', () => {
    const files = [
      { path: '/etc/hostname', contents: { source: 'data:,core-1%0A' } },
      { path: '/etc/sysctl.d/a.conf', contents: { source: 'data:,vm.swappiness%3D1' } },
      { path: '/etc/sysctl.d/b.conf', contents: { source: 'https://example.com/b' } },
    ];
    const text = JSON.stringify({ ignition: { version: '3.4.0' }, storage: { files } });
    const { config, diagnostics } = parseConfig([{ file: 'a.ign', text }]);
    expect([config.hostname, config.sysctl]).toEqual(['core-1', { 'vm.swappiness': '1' }]);
    expect(diagnostics.map(({ path }) => path)).toEqual(['storage.files[2]']);
  });
});
