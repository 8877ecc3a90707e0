import { expect, test } from '@jest/globals';
import { BootProgress, progressText } from '../../../src/agent/boot-progress.ts';
import type { ServiceState, ServiceStatus } from '../../../src/services/status.ts';

function services(states: Readonly<Record<string, ServiceState>>): ServiceStatus[] {
  return Object.entries(states).map(([name, state]) => ({
    name,
    engine: 'system',
    origin: 'config',
    state,
    detail: '',
    image: 'berth/busybox:latest',
    ports: [],
    restarts: 0,
    critical: false,
    essential: false,
  }));
}

test.each<{ title: string; states: Record<string, ServiceState>; text: string }>([
  {
    title: 'all are where they should be',
    states: { web: 'healthy', log: 'running', job: 'done', night: 'scheduled' },
    text: 'services: all 4 ready',
  },
  {
    title: 'who is missing',
    states: { web: 'healthy', db: 'starting', app: 'waiting' },
    text: 'services: 1 of 3 ready; db starting, app waiting',
  },
  {
    title: 'who is in trouble comes first',
    states: { a: 'starting', b: 'unhealthy', c: 'backoff' },
    text: 'services: 0 of 3 ready; b unhealthy, c backoff, a starting',
  },
  {
    title: 'a line has an end',
    states: { a: 'waiting', b: 'waiting', c: 'waiting', d: 'waiting', e: 'waiting', f: 'failed' },
    text: 'services: 0 of 6 ready; f failed, a waiting, b waiting, c waiting, 2 more',
  },
])('a line tells how far services are: $title', ({ states, text }) => {
  expect(progressText(services(states))).toBe(text);
});

test('a boot tells its progress once for each step forward, and then is silent', () => {
  const lines: string[] = [];
  const progress = new BootProgress((line) => void lines.push(line));
  progress.note([]);
  for (const states of [
    { a: 'waiting', b: 'waiting' },
    { a: 'starting', b: 'waiting' },
    { a: 'healthy', b: 'starting' },
    { a: 'healthy', b: 'starting' },
    { a: 'healthy', b: 'backoff' },
    { a: 'healthy', b: 'healthy' },
    { a: 'unhealthy', b: 'healthy' },
  ] as const)
    progress.note(services(states));
  expect(lines).toEqual([
    'services: 0 of 2 ready; a waiting, b waiting',
    'services: 1 of 2 ready; b starting',
    'services: 1 of 2 ready; b backoff',
    'services: all 2 ready',
  ]);
  expect(progress.isDone).toBe(true);
});

test('a service that comes and goes does not fill the console, and the end is told all the same', () => {
  const lines: string[] = [];
  const progress = new BootProgress((line) => void lines.push(line));
  for (let turn = 0; turn < 50; turn += 1)
    progress.note(services({ a: turn % 2 === 0 ? 'backoff' : 'starting', b: 'waiting' }));
  progress.note(services({ a: 'healthy', b: 'healthy' }));
  expect(lines).toHaveLength(13);
  expect(lines.at(-1)).toBe('services: all 2 ready');
});
