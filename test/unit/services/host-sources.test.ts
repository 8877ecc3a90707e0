import { describe, expect, test } from '@jest/globals';
import type { MountConfig } from '../../../src/engine/container-engine.ts';
import { sourcesOf } from '../../../src/services/host-sources.ts';

const view = { directories: ['/etc', '/srv', '/var'], blindSpot: '/var' };
const bind = (source: string, createSource = false): MountConfig => ({
  type: 'bind',
  source,
  target: '/x',
  readOnly: false,
  createSource,
});

describe('bind mounts on a user engine that is a container', () => {
  test.each([
    { name: 'what it sees is its own to look at', mount: bind('/srv/data'), given: bind('/srv/data'), sources: [] },
    {
      name: 'in its blind spot Berth looks, and the engine does not',
      mount: bind('/var/data'),
      given: bind('/var/data', true),
      sources: [{ path: '/var/data', create: false }],
    },
    {
      name: 'a missing directory there is Berth’s to make',
      mount: bind('/var/data', true),
      given: bind('/var/data', true),
      sources: [{ path: '/var/data', create: true }],
    },
    { name: 'a name that only begins alike is none of it', mount: bind('/srv'), given: bind('/srv'), sources: [] },
    { name: 'the root is there', mount: bind('/'), given: bind('/'), sources: [] },
    { name: 'programs of the image may be', mount: bind('/usr/share'), given: bind('/usr/share'), sources: [] },
  ])('$name', ({ mount, given, sources }) => {
    expect(sourcesOf([mount], view)).toEqual({ mounts: [given], sources, problems: [] });
  });

  test.each(['/data', '/variable/x'])('%s is outside of what it sees: a problem that says what would be', (source) => {
    expect(sourcesOf([bind(source)], view).problems).toEqual([
      `mounts ${source}, which Berth's user engine does not see: it must be below one of /etc, /srv, /var`,
    ]);
  });

  test('volumes are left alone', () => {
    const volume: MountConfig = { type: 'volume', source: 'data', target: '/x', readOnly: false };
    expect(sourcesOf([volume], view)).toEqual({ mounts: [volume], sources: [], problems: [] });
  });
});
