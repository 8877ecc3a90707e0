import { describe, expect, test } from '@jest/globals';
import {
  containerSummary,
  engineEvent,
  exitCodeOf,
  healthOf,
  imageSummary,
} from '../../../src/engine/docker-summaries.ts';

describe('a status text', () => {
  test.each([
    { status: 'Up 3 minutes', health: 'none', exitCode: undefined },
    { status: 'Up 3 minutes (healthy)', health: 'healthy', exitCode: undefined },
    { status: 'Up About an hour (unhealthy)', health: 'unhealthy', exitCode: undefined },
    { status: 'Up Less than a second (health: starting)', health: 'starting', exitCode: undefined },
    { status: 'Up 5 seconds (Paused)', health: 'none', exitCode: undefined },
    { status: 'Exited (0) 2 hours ago', health: 'none', exitCode: 0 },
    { status: 'Exited (137) Less than a second ago', health: 'none', exitCode: 137 },
    { status: 'Restarting (1) 5 seconds ago', health: 'none', exitCode: undefined },
    { status: 'Created', health: 'none', exitCode: undefined },
    { status: 'Dead', health: 'none', exitCode: undefined },
  ])('"$status": health $health, exit code $exitCode', ({ status, health, exitCode }) => {
    expect(healthOf(status)).toBe(health);
    expect(exitCodeOf(status)).toBe(exitCode);
  });
});

test('a row of the list becomes a summary; a link name is not its name', () => {
  const row = {
    Id: 'abc',
    Names: ['/other/alias', '/web'],
    Image: 'web:1',
    ImageID: 'sha256:1',
    Created: 1700000000,
    Ports: [
      { PrivatePort: 90, Type: 'tcp' },
      { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'udp' },
    ],
    Labels: null,
    State: 'exited',
    Status: 'Exited (3) 1 second ago',
  };
  expect(containerSummary(row)).toEqual({
    id: 'abc',
    name: 'web',
    imageId: 'sha256:1',
    image: 'web:1',
    labels: {},
    state: 'exited',
    health: 'none',
    exitCode: 3,
    createdAt: 1700000000000,
    status: 'Exited (3) 1 second ago',
    ports: [
      { container: 90, protocol: 'tcp' },
      { ip: '0.0.0.0', host: 8080, container: 80, protocol: 'udp' },
    ],
  });
});

describe('an event', () => {
  const event = (Type: string, Action: string) =>
    engineEvent({ Type, Action, Actor: { ID: 'abc' }, time: 5, timeNano: 5_123_456_789 });

  test('has its health when it is about health', () => {
    expect(event('container', 'health_status: unhealthy')).toEqual({
      kind: 'container',
      action: 'health_status',
      id: 'abc',
      attributes: {},
      health: 'unhealthy',
      at: 5123,
    });
  });

  test('has none otherwise', () => {
    expect(event('container', 'die')).not.toHaveProperty('health');
  });

  test.each([
    ['container', 'exec_start: /bin/true'],
    ['container', 'exec_die'],
    ['daemon', 'reload'],
    ['builder', 'prune'],
  ])('%s %s is none of ours', (type, action) => {
    expect(event(type, action)).toBeUndefined();
  });
});

test.each([
  { created: 1700000000, expected: 1700000000000 },
  { created: '2023-11-14T22:13:20.9Z', expected: 1700000000000 },
  { created: '0001-01-01T00:00:00Z', expected: 0 },
  { created: '', expected: 0 },
])('an image made at $created; a dangling one has no references', ({ created, expected }) => {
  const image = { Id: 'sha256:1', RepoTags: ['<none>:<none>'], RepoDigests: null, Size: 7, Created: created };
  expect(imageSummary(image)).toEqual({
    id: 'sha256:1',
    references: [],
    digests: [],
    sizeBytes: 7,
    createdAt: expected,
  });
});
