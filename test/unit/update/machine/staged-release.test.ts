import { describe, expect, test } from '@jest/globals';
import type { FeedRelease } from '../../../../src/update/feed/feed.ts';
import type { Pin, UpdateMemory } from '../../../../src/update/machine/update-memory.ts';
import { feedOf, hash, noon } from '../feed/releases.ts';
import { hostWith, type Set } from './host-with.ts';

type Offered = Partial<FeedRelease> & { readonly version: string };

const day = 86_400_000;
const newest = ['berth_1.2+3.efi', 'berth_1.0.efi'];
const isIdle = (host: ReturnType<typeof hostWith>) => host.updater.state.kind === 'idle';

/** What a host knows that staged a release of `feedOf` with this place in the feed. */
function knowing(version: string, sequence: number, more: Partial<UpdateMemory> = {}): Partial<UpdateMemory> {
  const target = { version, sequence, digest: hash(version), rootHash: hash(`root of ${version}`), atMs: noon };
  return { taken: [target], ...more };
}

describe('a pin that is set while the host looks', () => {
  test.each([
    ...['images', 'room'].flatMap((at) => [
      { at, pin: { version: '1.0' }, to: undefined, why: 'ops pinned this host to 1.0' },
      { at, pin: { version: '1.0' }, to: '1.1', why: 'ops pinned this host to 1.0' },
      {
        ...{ at, pin: { version: '1.1', untilMs: noon + day }, to: undefined },
        why: 'ops pinned this host to 1.1, from 2026-05-02T12:00:00.000Z on',
      },
      { at, pin: { untilMs: noon + day }, to: undefined, why: 'ops holds this host until 2026-05-02T12:00:00.000Z' },
    ]),
  ])('at "$at", for --to $to: the release that $pin excludes is not taken', async ({ at, pin, to, why }) => {
    const host = hostWith({ meanwhile: { [at]: async () => host.keeper.pin(pin, 'ops') } });
    await expect(host.update(to === undefined ? {} : { to })).rejects.toMatchObject({
      code: 'CANCELLED',
      message: why,
    });
    expect([host.files(), host.story, host.updater.state.kind]).toEqual([['berth_1.0.efi'], [], 'idle']);
    expect(host.notes).toEqual([`update-failed 1.1: ${why}`]);
  });

  test.each([
    { version: '1.1' },
    { version: '1' },
    {},
  ])('ends nothing when it lets the release pass: %j', async (pin) => {
    const host = hostWith({ meanwhile: { images: async () => host.keeper.pin(pin, 'ops') } });
    expect((await host.update()).end).toMatchObject({ outcome: 'staged', version: '1.1' });
  });

  test('keeps what is staged, when it excludes only the one that would take its place', async () => {
    const host = hostWith({
      ...{ files: ['berth_1.1+3.efi', 'berth_1.0.efi'], memory: knowing('1.1', 2) },
      feed: feedOf({ version: '1.0' }, { version: '1.1' }, { version: '1.2' }),
      meanwhile: { room: async () => host.keeper.pin({ version: '1.1' }, 'ops') },
    });
    await host.keeper.staged.settle();
    await expect(host.update()).rejects.toMatchObject({ code: 'CANCELLED' });
    expect([host.files(), host.keeper.staged.waiting?.version]).toEqual([['berth_1.1+3.efi', 'berth_1.0.efi'], '1.1']);
  });

  test('does not end one that an operator names thereafter', async () => {
    const host = hostWith({ memory: { pin: { version: '1.0' } } });
    expect((await host.update({ to: '1.1' })).end).toMatchObject({ outcome: 'staged' });
    expect((await host.update()).end).toMatchObject({ outcome: 'none', why: expect.stringContaining('pinned to 1.0') });
    // It stays, though the pin excludes it, also for the next agent,
    const next = hostWith({ files: host.files(), memory: host.memory.value });
    await next.keeper.staged.settle();
    expect(next.keeper.staged.waiting?.version).toBe('1.1');
    // until the pin is set anew.
    expect(await next.keeper.pin({ version: '1.0' }, 'ops')).toBe(true);
    expect(next.files()).toEqual(['berth_1.0.efi']);
  });
});

describe('a staged release that the pin excludes', () => {
  const set: Set = {
    ...{ files: ['berth_1.1+3.efi', 'berth_1.0.efi'], policy: { strategy: 'off' } },
    memory: knowing('1.1', 2, { pin: { version: '1.0' } }),
  };

  test('is dropped when an agent takes it up: the one before came no further', async () => {
    const host = hostWith(set);
    await host.runUntil(() => isIdle(host) && host.notes.length > 0);
    expect([host.files(), host.notes]).toEqual([['berth_1.0.efi'], ['dropped 1.1: this host is pinned to 1.0']]);
  });

  test('is dropped by a look', async () => {
    const host = hostWith(set);
    await host.updater.settle(host.memory.value.taken);
    expect((await host.update()).end).toMatchObject({ outcome: 'none' });
    expect([host.files(), host.notes]).toEqual([['berth_1.0.efi'], ['dropped 1.1: this host is pinned to 1.0']]);
  });

  test('is dropped though it was named, when the agent ended between the pin and the drop', async () => {
    const clear = async () => Promise.reject(new Error('the power goes'));
    const meanwhile: Record<string, () => Promise<unknown>> = {};
    const host = hostWith({ meanwhile });
    await host.update({ to: '1.1' });
    meanwhile['clear'] = clear;
    await expect(host.keeper.pin({ version: '1.0' }, 'ops')).rejects.toThrow('the power goes');
    const next = hostWith({ files: host.files(), memory: host.memory.value, policy: { strategy: 'off' } });
    await next.runUntil(() => next.notes.length > 0);
    expect(next.notes).toEqual(['dropped 1.1: this host is pinned to 1.0']);
  });
});

describe('whoever asks while somebody else does', () => {
  test.each([
    { at: 'images', files: ['berth_1.0.efi'] },
    { at: 'room', files: ['berth_1.0.efi'] },
    { at: 'images', files: ['berth_0.9+3.efi', 'berth_1.0.efi'] },
  ])('at "$at", with $files: is turned away, and nothing else', async ({ at, files }) => {
    let second: Promise<unknown> | undefined;
    const meanwhile = {
      [at]: async () => {
        second ??= host.update().then(
          () => 'taken',
          (error: unknown) => error,
        );
        await second;
      },
    };
    const host = hostWith({ files, meanwhile });
    await host.keeper.staged.settle();
    expect((await host.update()).end).toMatchObject({ outcome: 'staged', version: '1.1' });
    expect(await second).toMatchObject({ code: 'BUSY', message: 'this host asks for releases, or fetches one' });
    expect(host.notes.filter((note) => note.startsWith('update-failed'))).toEqual([]);
  });

  test('an operator who looks is not in the way of the next one, and one who is turned away leaves no trace', async () => {
    const host = hostWith({ isSilentAtFirst: true });
    const looking = host.keeper.look({ reason: { kind: 'operator', who: 'ops', command: 'check' } });
    looking.catch(() => undefined);
    await expect(host.update()).rejects.toMatchObject({ code: 'BUSY' });
    expect([host.updater.state.kind, host.notes, host.memory.value.lastLook]).toEqual(['idle', [], undefined]);
    await host.keeper.cancel('enough');
    await expect(looking).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('a staged release that becomes urgent', () => {
  const urgent = feedOf({ version: '1.0' }, { version: '1.1', urgent: true });

  test('does not wait for the window any more, for the next agent, too', async () => {
    const host = hostWith();
    await host.update();
    const { sinceMs } = host.keeper.staged;
    const decisions = host.decisions();
    await host.clock.sleep(day);
    host.offer(urgent);
    expect((await host.update()).end).toMatchObject({ outcome: 'staged', bytesFetched: 0 });
    expect(host.keeper.staged.waiting).toEqual({ version: '1.1', stagedAtMs: sinceMs, isUrgent: true });
    expect(host.decisions()).toBe(decisions + 1);
    const next = hostWith({
      files: host.files(),
      memory: host.memory.value,
      startsAt: host.clock.now(),
      uptime: 60_000 + day,
    });
    await next.keeper.staged.settle();
    expect(next.keeper.staged.waiting).toEqual({ version: '1.1', stagedAtMs: sinceMs, isUrgent: true });
    await host.update();
    expect(host.decisions()).toBe(decisions + 1);
  });

  test('is not taken for it when it is dropped at that moment', async () => {
    const host = hostWith();
    await host.update();
    host.offer(urgent);
    const save = host.memory.save.bind(host.memory);
    let dropping: Promise<unknown> | undefined;
    host.memory.save = async (next) => {
      dropping ??= host.keeper.cancel('ops cancelled it');
      await save(next);
    };
    await expect(host.update()).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await dropping).toBe(true);
    expect([host.files(), host.updater.state.kind]).toEqual([['berth_1.0.efi'], 'idle']);
  });

  test('stays passed over when the boot loader did not try it', async () => {
    const memory = knowing('1.1', 2, { restartedFor: { digest: hash('1.1'), bootId: 'boot-0' } });
    const set: Set = { files: ['berth_1.1+3.efi', 'berth_1.0.efi'], feed: urgent };
    const host = hostWith({ ...set, memory });
    await host.keeper.staged.settle();
    await host.update();
    const next = hostWith({ ...set, memory: host.memory.value });
    await next.keeper.staged.settle();
    expect([host.keeper.staged.waiting, next.keeper.staged.waiting]).toEqual([undefined, undefined]);
  });
});

describe('a staged release that is newer than the one that the host would choose', () => {
  const rollingOut: FeedRelease['rollout'] = {
    ...{ kind: 'waves', start: '2026-06-01T00:00:00Z' },
    waves: [{ afterMinutes: 0, share: 1 }],
  };
  const releases = [{ version: '1.0' }, { version: '1.1' }] as const;
  const rows: readonly {
    what: string;
    next: Offered;
    also?: Partial<Offered>;
    pin?: Pin;
    sequence?: number;
    stays: boolean;
  }[] = [
    { what: 'rolls out', next: { version: '1.2', rollout: rollingOut }, stays: true },
    { what: 'is paused', next: { version: '1.2', paused: 'boots slowly' }, stays: true },
    { what: 'was revoked', next: { version: '1.2', revoked: 'eats data' }, stays: false },
    { what: 'is a dead end', next: { version: '1.2', deadEnd: 'no way on' }, stays: false },
    { what: 'needs another one first', next: { version: '1.2', minimumVersion: '1.1' }, stays: false },
    { what: 'is behind a barrier', next: { version: '1.2' }, also: { barrier: true }, stays: false },
    {
      what: 'is excluded by the pin',
      next: { version: '1.2', rollout: rollingOut },
      pin: { version: '1.1' },
      stays: false,
    },
    { what: 'is not there any more', next: { version: '1.3', rollout: rollingOut }, stays: false },
    { what: 'is not known', next: { version: '1.2', rollout: rollingOut }, sequence: 0, stays: false },
  ];

  test.each(rows)('one that $what: stays: $stays', async ({ next, also, pin = {}, sequence = 3, stays }) => {
    const memory = knowing('1.2', sequence, { pin });
    const host = hostWith({ files: newest, memory, feed: feedOf(releases[0], { ...releases[1], ...also }, next) });
    await host.updater.settle(memory.taken ?? []);
    const offer = await host.keeper.look({ reason: { kind: 'operator', who: 'ops', command: 'check' } });
    const { end } = await host.update();
    expect([offer.target?.version, end.version]).toEqual(stays ? ['1.2', '1.2'] : ['1.1', '1.1']);
    if (!stays) return;
    const why = '1.1 is offered; 1.2, which is newer, is staged';
    expect([host.story, host.files(), host.notes]).toEqual([[], newest, []]);
    expect([offer.outcome, end.why, host.keeper.status().lastLook?.outcome]).toEqual([why, why, why]);
    expect(offer.steps.map(({ kind }) => kind)).toEqual(['restart-host']);
  });

  test('gives way to one that an operator names, or brings', async () => {
    for (const asked of [{ to: '1.1' }, { from: '/stick' }]) {
      const feed = feedOf(...releases, { version: '1.2', paused: 'boots slowly' });
      const host = hostWith({ files: newest, memory: knowing('1.2', 3), feed });
      await host.keeper.staged.settle();
      expect((await host.update(asked)).end).toMatchObject({ outcome: 'staged', version: '1.1' });
    }
  });

  test('stays when an operator brought it from elsewhere, unless there is a barrier before it', async () => {
    const host = hostWith({ feed: feedOf(...releases, { version: '1.2' }) });
    expect((await host.update({ from: '/stick' })).end).toMatchObject({ version: '1.2' });
    host.offer(feedOf(...releases));
    expect((await host.update()).end).toMatchObject({ version: '1.2' });
    host.offer(feedOf(releases[0], { ...releases[1], barrier: true }));
    expect((await host.update()).end).toMatchObject({ version: '1.1' });
  });
});

describe('since when a release is staged', () => {
  const past = Date.parse('2000-01-01T00:10:00Z');
  const ahead = Date.parse('2040-01-01T00:00:00Z');

  test.each([
    { what: 'behind', startsAt: past },
    { what: 'three weeks behind', startsAt: noon - 21 * day },
    { what: 'ahead', startsAt: ahead },
  ])('does not depend on the clock, which was $what: it is set right later', async ({ startsAt }) => {
    const host = hostWith({ startsAt });
    await host.update();
    await host.clock.sleep(60_000);
    host.clock.set(noon);
    expect(host.keeper.staged.waiting?.stagedAtMs).toBe(noon - 60_000);
    expect(host.keeper.status().since).toBe(new Date(noon - 60_000).toISOString());
    // Another agent in the same boot knows it, too.
    const next = hostWith({ files: host.files(), memory: host.memory.value, startsAt: noon + 5000, uptime: 125_000 });
    await next.keeper.staged.settle();
    expect(next.keeper.staged.waiting?.stagedAtMs).toBe(noon - 60_000);
  });

  test('does not follow a clock that is only a little off', async () => {
    const host = hostWith();
    await host.update();
    await host.clock.sleep(60_000);
    host.clock.set(noon + 60_900);
    expect(host.keeper.staged.waiting?.stagedAtMs).toBe(noon);
  });

  test.each([
    { what: 'as it was', atMs: noon - day / 2, is: noon - day / 2 },
    { what: 'from now when that is still to come', atMs: ahead, is: noon },
    { what: 'from now when that was before the image was built', atMs: past, is: noon },
  ])('counts $what after another boot, in which it was not tried', async ({ atMs, is }) => {
    const memory = knowing('1.1', 2);
    const host = hostWith({
      files: ['berth_1.1+3.efi', 'berth_1.0.efi'],
      memory: { taken: (memory.taken ?? []).map((one) => ({ ...one, atMs })) },
    });
    await host.keeper.staged.settle();
    expect(host.keeper.staged.waiting?.stagedAtMs).toBe(is);
    await host.clock.sleep(day);
    expect(host.keeper.staged.waiting?.stagedAtMs).toBe(is);
    const next = hostWith({ files: host.files(), memory: host.memory.value, bootId: 'boot-2', startsAt: noon + day });
    await next.keeper.staged.settle();
    expect(next.keeper.staged.waiting?.stagedAtMs).toBe(is);
  });
});

test('a release that is taken again after it failed is restarted for, also by another agent', async () => {
  const memory = knowing('1.1', 2, {
    restartedFor: { digest: hash('1.1'), bootId: 'boot-1', why: 'a release is staged' },
  });
  const host = hostWith({ memory, rejected: ['1.1'], bootId: 'boot-3' });
  expect((await host.update({ to: '1.1' })).end).toMatchObject({ outcome: 'staged' });
  const next = hostWith({ files: host.files(), memory: host.memory.value, rejected: ['1.1'], bootId: 'boot-3' });
  await next.keeper.staged.settle();
  expect([next.keeper.staged.waiting?.version, next.notes]).toEqual(['1.1', []]);
});

test('a staged release that was passed over stays so when a newer one cannot be taken', async () => {
  const memory = knowing('1.1', 2, { restartedFor: { digest: hash('1.1'), bootId: 'boot-0' } });
  const files = ['berth_1.1+3.efi', 'berth_1.0.efi'];
  const feed = feedOf({ version: '1.0' }, { version: '1.1' }, { version: '1.2' });
  const host = hostWith({ files, memory, feed, room: 5 });
  await host.keeper.staged.settle();
  await expect(host.update()).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect([host.files(), host.keeper.staged.waiting]).toEqual([files, undefined]);
});
