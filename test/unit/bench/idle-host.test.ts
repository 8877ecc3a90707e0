import { expect, test } from '@jest/globals';
import { beyond, programs, sockets, usedMebibytes } from '../../vm/support/idle-host.ts';

test('memory in use is what is not available', () => {
  const text = 'MemTotal:        2015272 kB\nMemFree:         1500000 kB\nMemAvailable:    1810472 kB\n';
  expect(usedMebibytes(text)).toBe(200);
});

test('programs go by their names, scripts by their own, kernel threads not at all', () => {
  const lines = [
    '',
    'init ',
    '/bin/sh /usr/lib/berth/guard ',
    '/usr/bin/node --lite-mode --single-threaded-gc /usr/lib/berth/dist/berth.js ',
    '-bash ',
    'sshd: /usr/sbin/sshd -D ',
    '/bin/sh -c echo ',
    '/usr/bin/containerd-shim-runc-v2 -namespace system -id ',
  ];
  expect(programs(lines.join('\n'))).toEqual([
    'bash',
    'berth.js',
    'containerd-shim-runc-v2',
    'guard',
    'init',
    'sh',
    'sshd',
  ]);
});

test('sockets that wait are listed once, with the address unless it is every one', () => {
  const tcp = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:1FA5 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0',
    '   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0',
    '   2: 0100007F:1FA5 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1',
    '   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4 1 0 100 0 0 10 0',
    '   1: 00000000000000000000000001000000:0277 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5 1 0 100 0 0 10 0',
  ];
  expect(sockets('tcp', tcp.join('\n'))).toEqual(['tcp 127.0.0.1:8101', 'tcp 22', 'tcp [0:0:0:0:0:0:0:1]:631']);
  const udp = ['   9: 0F02000A:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 6 2 0 0'];
  expect(sockets('udp', udp.join('\n'))).toEqual(['udp 10.0.2.15:68']);
});

test.each([
  { found: ['a', 'a', 'b'], allowed: ['b', 'a', 'a', 'c'], more: [] },
  { found: ['a', 'a', 'b'], allowed: ['a'], more: ['a', 'b'] },
])('of $found, $more is more than $allowed', ({ found, allowed, more }) => {
  expect(beyond(found, allowed)).toEqual(more);
});
