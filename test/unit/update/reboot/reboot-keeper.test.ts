import { afterEach, describe, expect, test } from '@jest/globals';
import type { UpdateWindow } from '../../../../src/config/host-config.ts';
import type { RebootPolicy } from '../../../../src/update/reboot/decide-reboot.ts';
import type { RebootHook } from '../../../../src/update/reboot/hooks.ts';
import type { Inhibitor } from '../../../../src/update/reboot/inhibitor.ts';
import type { PermitAnswer, RebootPermit } from '../../../../src/update/reboot/permit.ts';
import { RebootKeeper } from '../../../../src/update/reboot/reboot-keeper.ts';
import type { StagedRelease } from '../../../../src/update/reboot/reboot-state.ts';
import { ManualClock, settle } from './manual-clock.ts';

const noon = Date.parse('2026-07-01T12:00:00Z');
const minute = 60_000;
const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
/** Open from 12:00 to 12:10. */
const lunch: UpdateWindow = { days, start: '12:00', duration: '10m', timezone: 'UTC' };

/** One permit for all hosts. */
class FakePermit implements RebootPermit {
  holder: string | undefined;
  answer: () => Promise<PermitAnswer> = async () => {
    this.holder ??= 'me';
    return this.holder === 'me' ? { kind: 'held' } : { kind: 'refused', why: `${this.holder} has it` };
  };
  releases = 0;
  failing = 0;

  async acquire(): Promise<PermitAnswer> {
    return this.answer();
  }

  async release(): Promise<void> {
    this.releases += 1;
    if (this.failing > 0) {
      this.failing -= 1;
      throw new Error('no route');
    }
    if (this.holder === 'me') this.holder = undefined;
  }
}

const ends: AbortController[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end.abort(new Error('the end'));
});

class World {
  readonly clock = new ManualClock(noon);
  readonly permit = new FakePermit();
  readonly told: string[] = [];
  policy: RebootPolicy = { strategy: 'immediate' };
  staged: StagedRelease | undefined = { version: '2.0', stagedAtMs: noon - minute, isUrgent: false };
  inhibitors: Inhibitor[] = [];
  hooks: RebootHook[] = [];
  isBlessed = true;
  whyPermitStays: string | undefined;
  users = 0;
  runHook = async (): Promise<void> => undefined;
  reboot = async (): Promise<void> => undefined;
  readonly keeper = new RebootKeeper({
    policy: () => this.policy,
    permit: () => this.permit,
    staged: () => this.staged,
    inhibitors: () => this.inhibitors,
    isBlessed: () => this.isBlessed,
    whyPermitStays: async () => this.whyPermitStays,
    hooks: () => this.hooks,
    runHook: async (hook) => {
      this.#tell(`hook ${hook.service}`);
      await this.runHook();
    },
    notify: async (text) => {
      this.#tell(`notice: ${text}`);
      return this.users;
    },
    reboot: async (why) => {
      this.#tell(`reboot: ${why}`);
      await this.reboot();
    },
    clock: this.clock,
    random: () => 0.5,
    onProblem: (why) => this.#tell(`problem: ${why}`),
  });

  async start(): Promise<this> {
    const end = new AbortController();
    ends.push(end);
    void this.keeper.run(end.signal);
    await settle();
    return this;
  }

  async wake(): Promise<void> {
    this.keeper.wake();
    await settle();
  }

  /** With the time since noon, in seconds. */
  #tell(text: string): void {
    this.told.push(`${(this.clock.now() - noon) / 1000} ${text}`);
  }
}

const world = (some: Partial<World> = {}): Promise<World> => Object.assign(new World(), some).start();
const notice = 'notice: this host restarts into 2.0 within 60 seconds: a release is staged';
const restart = 'reboot: a release is staged';

describe('a restart', () => {
  test('at once when nobody is logged in', async () => {
    const { told, keeper } = await world();
    expect(told).toEqual([`0 ${notice}`, `0 ${restart}`]);
    expect(keeper.state).toEqual({ kind: 'restarting', why: 'a release is staged' });
  });

  test('a minute after those who are logged in were told', async () => {
    const { told, clock, keeper } = await world({ users: 2 });
    expect(keeper.state).toEqual({ kind: 'announced', why: 'a release is staged', atMs: noon + minute });
    await clock.pass(10 * minute);
    expect(told).toEqual([`0 ${notice}`, `60 ${restart}`]);
  });

  test('users are told when it is put off, and again when it comes', async () => {
    const some = await world({ users: 1 });
    await some.clock.pass(30_000);
    some.inhibitors = [{ who: 'backup', why: 'a dump', untilMs: noon + 5 * minute }];
    await some.wake();
    await some.clock.pass(10 * minute);
    expect(some.told).toEqual([
      `0 ${notice}`,
      '30 notice: this host does not restart yet: backup postpones it until 2026-07-01T12:05:00Z: a dump',
      `300 ${notice}`,
      `360 ${restart}`,
    ]);
  });

  test('the hooks run before it', async () => {
    const hooks = [
      { service: 'web', command: ['drain'], deadlineMs: 1000 },
      { service: 'db', command: ['flush'], deadlineMs: 1000 },
    ];
    const { told } = await world({ hooks });
    expect(told).toEqual([`0 ${notice}`, '0 hook web', '0 hook db', `0 ${restart}`]);
  });

  test('a hook that hangs is told, and holds it up until its deadline', async () => {
    const hooks = [{ service: 'web', command: ['drain'], deadlineMs: 30_000 }];
    const { told, clock } = await world({ hooks, runHook: async () => new Promise(() => undefined) });
    await clock.pass(minute);
    expect(told.slice(2)).toEqual(['30 problem: pre_reboot of web: it was not done after 30 s', `30 ${restart}`]);
  });

  test.each([
    { what: 'was declared', some: { policy: { strategy: 'immediate' as const } } },
    { what: 'an operator asked for, and took back', some: { policy: { strategy: 'staged' as const } } },
  ])('that $what does not come when its release is dropped while hooks run', async ({ some }) => {
    const hooks = [{ service: 'web', command: ['drain'], deadlineMs: minute }];
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const one = await world({ ...some, hooks, runHook: async () => promise });
    if (some.policy.strategy === 'staged') one.keeper.ask();
    await settle();
    one.staged = undefined;
    one.keeper.withdraw();
    resolve(undefined);
    await one.clock.pass(10 * minute);
    expect(one.told.filter((text) => text.includes('reboot'))).toEqual([]);
    expect(one.keeper.state).toMatchObject({ kind: 'waiting', why: 'no release waits to be booted' });
  });

  test('a clock that is set back while users are being warned puts it off by a minute, not for years', async () => {
    const { told, clock } = await world({ users: 1 });
    await clock.pass(minute / 2);
    clock.set(noon - 1e11);
    await clock.pass(3 * minute);
    expect(told.map((text) => text.replace(/^\S+ /, ''))).toEqual([notice, restart]);
  });

  test('one that cannot be done is tried again, without hooks and notice', async () => {
    const hooks = [{ service: 'web', command: ['drain'], deadlineMs: 1000 }];
    const some = await world({ hooks, reboot: async () => Promise.reject(new Error('no power')) });
    some.reboot = async () => undefined;
    await some.clock.pass(2 * minute);
    expect(some.told).toEqual([`0 ${notice}`, '0 hook web', `0 ${restart}`, '0 problem: no power', `60 ${restart}`]);
  });

  test('a machine that does not end is told of, and told again', async () => {
    const { told, clock } = await world();
    await clock.pass(16 * minute);
    expect(told.slice(2)).toEqual(['900 problem: the host was told to restart, and still runs', `900 ${restart}`]);
  });

  test('it is under way from the notice until it is called off', async () => {
    const hooks = [{ service: 'web', command: ['drain'], deadlineMs: minute }];
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const some = new World();
    Object.assign(some, {
      users: 1,
      hooks,
      runHook: async () => promise,
      reboot: async () => Promise.reject(new Error('no power')),
    });
    expect(some.keeper.isUnderWay).toBe(false);
    await some.start();
    expect([some.keeper.state.kind, some.keeper.isUnderWay]).toEqual(['announced', true]);
    await some.clock.pass(minute);
    expect([some.keeper.state.kind, some.keeper.isUnderWay]).toEqual(['preparing', true]);
    resolve(undefined);
    await settle();
    // What the hooks took down is down still.
    expect([some.keeper.state.kind, some.keeper.isUnderWay]).toEqual(['waiting', true]);
    some.staged = undefined;
    await some.wake();
    expect([some.keeper.state.kind, some.keeper.isUnderWay]).toEqual(['waiting', false]);
  });

  test('being woken while it restarts does not restart it twice', async () => {
    const some = await world();
    await some.wake();
    await some.clock.pass(10 * minute);
    expect(some.told).toHaveLength(2);
  });
});

describe('what changes', () => {
  test('nothing is staged until something is', async () => {
    const some = await world({ staged: undefined });
    expect(some.keeper.state).toEqual({ kind: 'waiting', why: 'no release waits to be booted' });
    some.staged = { version: '2.0', stagedAtMs: noon, isUrgent: false };
    await some.wake();
    expect(some.told).toEqual([`0 ${notice}`, `0 ${restart}`]);
  });

  test('an inhibitor that expires needs nobody to wake', async () => {
    const some = await world({ inhibitors: [{ who: 'backup', why: 'a dump', untilMs: noon + 5 * minute }] });
    await some.clock.pass(6 * minute);
    expect(some.told).toEqual([`300 ${notice}`, `300 ${restart}`]);
  });

  test('a clock that is set forward into the window is noticed', async () => {
    const some = await world({ policy: { strategy: 'window', window: { ...lunch, start: '20:00' } } });
    some.clock.set(noon + 8 * 3_600_000);
    await some.clock.pass(2 * minute);
    expect(some.told).toHaveLength(2);
  });

  test('a wake during a round is not lost', async () => {
    let opens = (): void => undefined;
    const some = await world({
      hooks: [{ service: 'web', command: [], deadlineMs: minute }],
      runHook: async () => new Promise((resolve) => (opens = resolve)),
      reboot: async () => Promise.reject(new Error('no power')),
    });
    some.keeper.wake();
    some.policy = { strategy: 'off' };
    opens();
    await settle();
    expect(some.keeper.state).toMatchObject({ kind: 'waiting', why: expect.stringContaining('"off"') });
  });
});

describe('the permit', () => {
  const policy: RebootPolicy = { strategy: 'permit' };

  test('is asked for, and kept over the restart', async () => {
    const { told, permit } = await world({ policy });
    expect(told).toEqual([`0 ${notice}`, `0 ${restart}`]);
    expect([permit.holder, permit.releases]).toEqual(['me', 0]);
  });

  test('is asked for again when it was refused', async () => {
    const some = new World();
    some.policy = policy;
    some.permit.holder = 'b';
    await some.start();
    expect(some.keeper.state).toEqual({ kind: 'waiting', why: 'no permit: b has it', untilMs: noon + 1.5 * minute });
    some.permit.holder = undefined;
    await some.clock.pass(2 * minute);
    expect(some.told).toEqual([`90 ${notice}`, `90 ${restart}`]);
  });

  test('goes back when the window closed while it was asked for', async () => {
    const some = new World();
    some.policy = { ...policy, window: lunch };
    some.permit.answer = async () => {
      some.permit.holder = 'me';
      some.clock.set(noon + 10 * minute);
      return { kind: 'held' };
    };
    await some.start();
    expect(some.told).toEqual([]);
    expect(some.keeper.state).toMatchObject({ kind: 'waiting', why: 'the window opens at 2026-07-02T12:00:00Z' });
    expect(some.permit.holder).toBeUndefined();
  });

  test('goes back when the window closes while users are being warned', async () => {
    const some = await world({
      policy: { ...policy, window: { ...lunch, start: '11:50', duration: '630s' } },
      users: 1,
    });
    await some.clock.pass(2 * minute);
    expect(some.told).toEqual([
      `0 ${notice}`,
      '60 notice: this host does not restart yet: the window opens at 2026-07-02T11:50:00Z',
    ]);
    expect(some.permit.holder).toBeUndefined();
  });

  test('that cannot be given back is given back later; the problem is told once', async () => {
    const some = new World();
    some.staged = undefined;
    some.permit.holder = 'me';
    some.permit.failing = 3;
    await some.start();
    await some.clock.pass(10 * minute);
    expect(some.told).toEqual(['0 problem: the permit was not given back: no route']);
    expect([some.permit.holder, some.permit.releases]).toEqual([undefined, 4]);
  });

  test('of the boot before is kept until the release is blessed', async () => {
    const some = new World();
    some.staged = undefined;
    some.isBlessed = false;
    some.permit.holder = 'me';
    await some.start();
    await some.clock.pass(3 * 3_600_000);
    expect([some.permit.holder, some.permit.releases]).toEqual(['me', 0]);
    some.isBlessed = true;
    await some.wake();
    expect(some.permit.holder).toBeUndefined();
    await some.clock.pass(3 * 3_600_000);
    expect(some.permit.releases).toBe(1);
  });

  test('that stays is kept with the reason, and asked for again before the next restart', async () => {
    const some = new World();
    Object.assign(some, { policy, whyPermitStays: '1.9 failed here' });
    some.permit.answer = async () => {
      some.permit.holder = 'me';
      some.staged = undefined;
      return { kind: 'held' };
    };
    await some.start();
    expect(some.keeper.state).toEqual({ kind: 'waiting', why: 'no release waits to be booted; 1.9 failed here' });
    expect([some.permit.holder, some.permit.releases]).toEqual(['me', 0]);
    some.permit.answer = async () => ({ kind: 'refused', why: 'b has it' });
    some.staged = { version: '2.0', stagedAtMs: noon, isUrgent: false };
    await some.wake();
    expect(some.told).toEqual([]);
    expect(some.keeper.state).toMatchObject({ why: expect.stringContaining('b has it') });
  });

  test('that nobody gives an answer about is not waited for', async () => {
    const some = new World();
    some.policy = policy;
    some.permit.answer = async () => new Promise(() => undefined);
    await some.start();
    await some.clock.pass(minute);
    expect(some.told).toEqual(['30 problem: whoever gives permits did not answer']);
    expect(some.keeper.state).toMatchObject({ why: 'no permit: whoever gives permits did not answer' });
    // It may have been given all the same.
    expect(some.permit.releases).toBe(1);
  });

  test('that another strategy does not need goes back', async () => {
    const some = await world({ policy, users: 1 });
    expect(some.permit.holder).toBe('me');
    some.policy = { strategy: 'off' };
    await some.wake();
    expect(some.permit.holder).toBeUndefined();
  });

  test('is passed over when the longest deferral is over', async () => {
    const some = new World();
    some.policy = { ...policy, maxDeferralMs: 5 * minute };
    some.permit.holder = 'b';
    await some.start();
    await some.clock.pass(5 * minute);
    expect(some.told.at(-1)).toBe(
      '240 reboot: staged at 2026-07-01T11:59:00Z, deferred for as long as may be; passed over: no permit: b has it',
    );
  });
});

describe('an operator', () => {
  test('does not wait for anything', async () => {
    const some = await world({ policy: { strategy: 'staged' }, users: 1 });
    some.keeper.ask();
    await settle();
    expect(some.told).toEqual([
      '0 notice: this host restarts into 2.0 now: an operator asked for it',
      '0 reboot: an operator asked for it',
    ]);
  });

  test('needs no staged release', async () => {
    const some = await world({ staged: undefined });
    some.keeper.ask();
    await settle();
    expect(some.told[0]).toBe('0 notice: this host restarts now: an operator asked for it');
  });

  test('does not wait for a notice that runs', async () => {
    const some = await world({ users: 1 });
    await some.clock.pass(10_000);
    some.keeper.ask();
    await settle();
    expect(some.told.at(-1)).toBe('10 reboot: an operator asked for it');
  });

  test('is not served later when it failed', async () => {
    const some = await world({
      policy: { strategy: 'staged' },
      reboot: async () => Promise.reject(new Error('no power')),
    });
    some.keeper.ask();
    await settle();
    some.reboot = async () => undefined;
    await some.clock.pass(5 * minute);
    expect(some.told).toEqual([
      '0 notice: this host restarts into 2.0 now: an operator asked for it',
      '0 reboot: an operator asked for it',
      '0 problem: no power',
    ]);
  });
});

test('a notice that fails keeps nobody from restarting', async () => {
  const some = new World();
  const notify = async (): Promise<number> => Promise.reject(new Error('no /proc'));
  const told: string[] = [];
  const keeper = new RebootKeeper({
    policy: () => some.policy,
    permit: () => undefined,
    staged: () => some.staged,
    inhibitors: () => [],
    isBlessed: () => true,
    whyPermitStays: async () => undefined,
    hooks: () => [],
    runHook: some.runHook,
    notify,
    reboot: async (why) => void told.push(why),
    clock: some.clock,
    random: () => 0,
    onProblem: (why) => told.push(why),
  });
  const end = new AbortController();
  ends.push(end);
  void keeper.run(end.signal);
  await settle();
  expect(told).toEqual(['the users were not told: no /proc', 'a release is staged']);
});
