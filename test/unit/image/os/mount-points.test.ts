import { expect, test } from '@jest/globals';
import { mountPointsBelowUsr } from '../../../../image/os/mount-points.ts';

test('mountPointsBelowUsr finds what a host mounts below /usr', () => {
  const service = {
    description: 'x',
    service: {
      image: 'berth/x:1',
      volumes: [
        'state:/var/lib/x',
        'data:/usr/lib/x/data:ro',
        { type: 'bind', source: '/a', target: '/usr/lib/berth/node', read_only: true },
      ],
      tmpfs: ['/run/x:size=1m', '/usr/lib/x/cache:size=1m'],
      secrets: [{ source: 'docker-daemon', target: '/usr/lib/berth/daemon.json' }],
      configs: ['by-name'],
    },
    host: { service: { volumes: ['/b:/usr/lib/x/host'] } },
    local: { service: { volumes: ['/c:/usr/lib/x/local'] } },
  };
  expect(mountPointsBelowUsr(service)).toEqual([
    { path: '/usr/lib/berth/daemon.json', kind: 'file' },
    { path: '/usr/lib/berth/node', kind: 'file' },
    { path: '/usr/lib/x/cache', kind: 'directory' },
    { path: '/usr/lib/x/data', kind: 'file' },
    { path: '/usr/lib/x/host', kind: 'file' },
  ]);
});
