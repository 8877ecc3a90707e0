import { describe, expect, test } from '@jest/globals';
import { BootConsole } from '../../../src/agent/boot-console.ts';
import { BootProgress, watchBoot } from '../../../src/agent/boot-progress.ts';
import type { HostStatus } from '../../../src/agent/model.ts';
import type { ServiceState, ServiceStatus } from '../../../src/services/status.ts';

function service(name: string, state: ServiceState, detail = ''): ServiceStatus {
  return {
    ...{ name, state, detail, engine: 'system', origin: 'config', image: 'i', ports: [], restarts: 0 },
    ...{ critical: false, essential: false },
  };
}

function status(state: HostStatus['state'], services: readonly ServiceStatus[] = []): HostStatus {
  return {
    ...{ hostname: 'h', mode: 'host', version: '1', state, generation: 1, startedAt: '', engines: [], services },
    ...{
      skipped: [],
      lastRound: null,
      machine: { config: null, network: null, problems: [], pending: [], maintenance: null, release: null },
    },
  };
}

describe('the console', () => {
  test('has room for so many lines, none twice in a row, and always for the last one', () => {
    const lines: string[] = [];
    const console = new BootConsole((line) => lines.push(line), 2);
    for (const line of ['a', 'a', 'b', 'c', 'd']) console.say(line);
    console.end('done');
    console.end('again');
    console.say('later');
    expect(lines).toEqual(['a', 'b', 'done (2 more lines were left out: berth status)', 'later']);
  });
});

describe('progress', () => {
  const engine = { name: 'system', version: '26.1', socket: '', detail: '' } as const;

  test.each<[string, HostStatus['engines'], readonly ServiceStatus[], string[]]>([
    ['what is on the way', [{ ...engine, state: 'starting' }], [service('web', 'starting')], []],
    [
      'what is there',
      [{ ...engine, state: 'running' }],
      [service('web', 'healthy'), service('job', 'done')],
      ['engine system: running, 26.1', 'service web: healthy', 'service job: done'],
    ],
    [
      'what is in trouble, in one line',
      [{ ...engine, state: 'failed', detail: 'no\nspace' }],
      [service('web', 'backoff', 'ended with 1')],
      ['engine system: failed, no space', 'service web: backoff, ended with 1'],
    ],
  ])('%s', (_what, engines, services, lines) => {
    const progress = new BootProgress();
    expect(progress.lines({ engines, services })).toEqual(lines);
    expect(progress.lines({ engines, services })).toEqual([]);
  });

  test('a service that fails and comes back is told of twice, however often it changes', () => {
    const progress = new BootProgress();
    const states: ServiceState[] = ['starting', 'unhealthy', 'healthy', 'unhealthy', 'healthy'];
    const lines = states.flatMap((state) => progress.lines({ engines: [], services: [service('web', state)] }));
    expect(lines).toEqual(['service web: unhealthy', 'service web: healthy']);
  });
});

describe('watching a boot', () => {
  async function watch(
    states: readonly HostStatus[],
    limitMs: number,
    isStopping: (look: number) => boolean = () => false,
  ): Promise<{ end: string; lines: string[] }> {
    const lines: string[] = [];
    let look = 0;
    const end = await watchBoot({
      status: async () => Promise.resolve(states[Math.min(look++, states.length - 1)] ?? status('converging')),
      console: new BootConsole((line) => lines.push(line)),
      clock: {
        sleep: async () => {
          if (isStopping(look) && look > 5) throw new Error('the agent ended');
          return Promise.resolve();
        },
      },
      isStopping: () => isStopping(look),
      limitMs,
      signal: new AbortController().signal,
    });
    return { end, lines };
  }

  test('ends when the host is healthy', async () => {
    const healthy = status('healthy', [service('web', 'healthy')]);
    const { end, lines } = await watch([status('converging', [service('web', 'starting')]), healthy], 60_000);
    expect(end).toBe('healthy');
    expect(lines).toEqual(['service web: healthy', 'h is healthy: 1 service']);
  });

  test('a host that stops is not healthy because no service is left', async () => {
    const states = [status('converging', [service('web', 'starting')]), status('healthy', [])];
    await expect(watch(states, 60_000, (look) => look > 1)).rejects.toThrow('the agent ended');
  });

  test('says what is missing when the time is over', async () => {
    const { end, lines } = await watch([status('degraded', [service('web', 'backoff', 'ended')])], 5000);
    expect(end).toBe('late');
    expect(lines).toEqual(['service web: backoff, ended', 'h is degraded: not there yet: web: berth status']);
  });
});
