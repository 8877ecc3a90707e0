import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { UpdateConfig } from '../../../../src/config/host-config.ts';
import type { OsEvent } from '../../../../src/update/os-status.ts';
import { openReboots, type Reboots } from '../../../../src/update/reboot/open-reboots.ts';
import type { StagedRelease } from '../../../../src/update/reboot/reboot-state.ts';
import { ManualClock } from './manual-clock.ts';

let shared: string;
let ends: AbortController[];
beforeEach(async () => {
  ends = [];
  shared = await mkdtemp(join(tmpdir(), 'berth-permits-'));
});
afterEach(async () => {
  for (const end of ends) end.abort(new Error('the end'));
  await rm(shared, { recursive: true });
});

const event = (kind: OsEvent['kind'], version: string): OsEvent => ({ at: '', kind, version, reason: '' });
const lock = (): string => join(shared, 'restart.lock');

/** Knows whether the keeper of restarts is between two rounds: the longer sleeps are its own. */
class RoundClock extends ManualClock {
  #pauses = 0;

  get isPausing(): boolean {
    return this.#pauses > 0;
  }

  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 30_000) return super.sleep(ms, signal);
    this.#pauses += 1;
    return super.sleep(ms, signal).finally(() => {
      this.#pauses -= 1;
    });
  }
}

/** A host of the fleet, as it is over its restarts. */
class Host {
  readonly #name: string;
  config: UpdateConfig = { channel: 'stable', strategy: 'permit', permit: { kind: 'file', path: lock() } };
  running = '1.0';
  isBlessed = true;
  staged: StagedRelease | undefined;
  readonly events: OsEvent[] = [event('blessed', '1.0')];
  readonly told: string[] = [];
  readonly restarts: string[] = [];
  readonly clock = new RoundClock(1000);
  #end = new AbortController();
  reboots: Reboots | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  get directory(): string {
    return join(shared, this.#name);
  }

  /** Starts its agent anew. */
  async boot(change: Partial<Host> = {}): Promise<void> {
    this.#end.abort(new Error('the boot'));
    Object.assign(this, change);
    this.#end = new AbortController();
    ends.push(this.#end);
    this.reboots = await openReboots({
      ...{ stateDirectory: this.directory, hostId: this.#name, clock: this.clock, random: () => 0 },
      config: () => this.config,
      staged: () => this.staged,
      isBlessed: () => this.isBlessed,
      running: this.running,
      events: () => this.events,
      note: async (kind, version, reason) => void this.events.push({ at: '', kind, version, reason }),
      hooks: () => [],
      runHook: async () => undefined,
      reboot: async (why) => void this.restarts.push(why),
      say: () => undefined,
      missingMount: async () => Promise.resolve(undefined),
      onProblem: (why) => this.told.push(why),
    });
    void this.reboots.keeper.run(this.#end.signal);
    await this.settle();
  }

  async settle(): Promise<void> {
    // File operations end when they end.
    do await new Promise((done) => setTimeout(done, 1));
    while (!this.clock.isPausing);
  }

  async wake(change: Partial<Host> = {}): Promise<void> {
    Object.assign(this, change);
    this.reboots?.keeper.wake();
    await this.settle();
  }

  /** Restarts into 1.1 with the permit, and comes back to 1.0. */
  async tryInVain(kind: 'rejected' | 'rolled-back' = 'rejected'): Promise<void> {
    await this.boot({ staged: { version: '1.1', stagedAtMs: 0, isUrgent: false } });
    expect(this.restarts).toHaveLength(1);
    this.events.push(event('staged', '1.1'), event('booted', '1.1'));
    await this.boot({ running: '1.1', isBlessed: false, staged: undefined });
    this.events.push(event(kind, '1.1'));
    await this.boot({ running: '1.0', isBlessed: true });
  }
}

async function host(name: string): Promise<Host> {
  const made = new Host(name);
  await mkdir(made.directory);
  return made;
}

const holder = async (): Promise<string | undefined> =>
  readFile(lock(), 'utf8').then(
    (text) => (JSON.parse(text) as { host: string }).host,
    () => undefined,
  );
const why = (): string =>
  `1.1 failed here: the permit at ${lock()} is kept, so that no other host restarts into it; berth os cancel gives it back`;

describe('a release that failed', () => {
  test.each([
    'rejected',
    'rolled-back',
  ] as const)('stops at the first host, which keeps the permit: %s', async (kind) => {
    const [one, two] = [await host('one'), await host('two')];
    await one.tryInVain(kind);
    expect(await holder()).toBe('one');
    await two.boot({ staged: { version: '1.1', stagedAtMs: 0, isUrgent: false } });
    expect(two.restarts).toEqual([]);
    expect(two.reboots?.keeper.state).toMatchObject({ why: expect.stringContaining('(one) has it') });
    // For a person: on the console, in the status, and once in the history, over all starts of the agent.
    await one.boot();
    await one.wake();
    expect(one.told).toEqual([why(), why()]);
    expect(one.reboots?.keptPermit.why).toBe(why());
    expect(one.reboots?.keeper.state).toMatchObject({
      kind: 'waiting',
      why: `no release waits to be booted; ${why()}`,
    });
    expect(one.events.filter((some) => some.kind === 'permit-kept')).toMatchObject([{ version: '1.1', reason: why() }]);
  });

  test('gives it back once a newer one has proved itself, with the permit that is there', async () => {
    const one = await host('one');
    await one.tryInVain();
    await one.wake({ staged: { version: '1.2', stagedAtMs: 0, isUrgent: false } });
    expect(one.restarts).toHaveLength(2);
    await one.boot({ running: '1.2', isBlessed: false, staged: undefined });
    expect(await holder()).toBe('one');
    one.events.push(event('blessed', '1.2'));
    await one.wake({ isBlessed: true });
    expect(await holder()).toBeUndefined();
    expect(await readdir(one.directory)).not.toContain('reboot-permit.json');
  });

  test('keeps it though the next one fails, or is dropped before it ran', async () => {
    const one = await host('one');
    await one.tryInVain();
    await one.wake({ staged: { version: '1.2', stagedAtMs: 0, isUrgent: false } });
    one.events.push(event('dropped', '1.2'));
    await one.boot({ staged: undefined });
    expect(await holder()).toBe('one');
    expect(one.reboots?.keptPermit.why).toBe(why());
  });

  test('gives it back when it proves itself at last', async () => {
    const one = await host('one');
    await one.tryInVain();
    one.events.push(event('booted', '1.1'), event('blessed', '1.1'));
    await one.boot({ running: '1.1' });
    expect(await holder()).toBeUndefined();
  });

  test.each([
    { what: 'an operator says so', versions: undefined },
    { what: 'it was revoked', versions: ['0.9', '1.1'] },
  ])('gives it back when $what, for good', async ({ versions }) => {
    const one = await host('one');
    await one.tryInVain();
    expect(await one.reboots?.keptPermit.excuse(versions)).toBe(true);
    await one.boot();
    expect(await holder()).toBeUndefined();
    expect(await one.reboots?.keptPermit.excuse(versions)).toBe(false);
  });

  test('keeps it when another one was revoked', async () => {
    const one = await host('one');
    await one.tryInVain();
    expect(await one.reboots?.keptPermit.excuse(['1.0'])).toBe(false);
    await one.wake();
    expect(await holder()).toBe('one');
  });

  test('gives it back when the config names another place for permits, or none', async () => {
    const one = await host('one');
    await one.tryInVain();
    await one.wake({ config: { channel: 'stable', strategy: 'staged' } });
    expect(await holder()).toBeUndefined();
  });

  test('for which no permit was had keeps none', async () => {
    const one = await host('one');
    one.events.push(event('rejected', '1.1'));
    const window = { days: ['mon'], start: '03:00', duration: '1h', timezone: 'UTC' };
    await one.boot({ config: { ...one.config, window }, staged: { version: '1.2', stagedAtMs: 0, isUrgent: false } });
    await writeFile(lock(), JSON.stringify({ host: 'one', name: 'one', at: '' }));
    await one.boot();
    expect(await holder()).toBeUndefined();
    expect(one.told).toEqual([]);
  });

  test('is not known from a note of an older agent, which names none', async () => {
    const one = await host('one');
    one.events.push(event('rejected', '1.1'));
    await writeFile(lock(), JSON.stringify({ host: 'one', name: 'one', at: '' }));
    await writeFile(join(one.directory, 'reboot-permit.json'), JSON.stringify({ version: 1, path: lock() }));
    await one.boot();
    expect(await holder()).toBeUndefined();
  });

  test('that others let pass takes no permit from them', async () => {
    const [one, two] = [await host('one'), await host('two')];
    await one.tryInVain();
    // An operator removed the file, not knowing better.
    await rm(lock());
    await two.boot({ staged: { version: '1.2', stagedAtMs: 0, isUrgent: false } });
    expect(await holder()).toBe('two');
    await one.wake({ staged: { version: '1.2', stagedAtMs: 0, isUrgent: false } });
    expect(one.restarts).toHaveLength(1);
    expect([await holder(), one.reboots?.keptPermit.why]).toEqual(['two', undefined]);
  });
});

test('kernel arguments that the host restarts for are no release', async () => {
  const one = await host('one');
  one.events.push(event('rejected', '1.0'));
  await one.boot({ staged: { version: '1.0', what: 'kernel arguments', stagedAtMs: 0, isUrgent: false } });
  expect(one.restarts).toHaveLength(1);
  await one.boot({ staged: undefined });
  expect(await holder()).toBeUndefined();
});
