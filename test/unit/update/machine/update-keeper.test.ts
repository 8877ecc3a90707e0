import { expect, test } from '@jest/globals';
import { BerthError } from '../../../../src/core/errors.ts';
import { feedOf, hash, noon } from '../feed/releases.ts';
import { hostWith, operator, type Set } from './host-with.ts';

test('an update goes step by step, is told, remembered and staged', async () => {
  const host = hostWith({ files: ['berth_1.0.efi', 'berth_0.9.efi'] });
  const { lines, end } = await host.update();
  expect(host.story).toEqual([
    ...['clear berth_0.9.efi', 'clear-slot', 'write 1.1 to /dev/b', 'write-slot', 'stage berth_1.1', 'place-kernel'],
    ...['activate berth_1.1', 'activate-release', 'proved with berth_1.0.efi berth_1.1+3.efi'],
  ]);
  expect(lines.map((line) => (line.kind === 'state' ? line.state : line.kind))).toEqual([
    ...['looking', 'clearing', 'writing', 'progress', 'placing', 'activating', 'staged', 'done'],
  ]);
  expect(end).toMatchObject({ outcome: 'staged', version: '1.1', bytesFetched: 5 });
  expect(host.notes).toEqual(['staged 1.1: 1.1 is offered']);
  expect(host.memory.value.taken).toMatchObject([{ version: '1.1', digest: hash('1.1') }]);
  expect(host.keeper.status()).toMatchObject({ state: 'staged', version: '1.1', lastLook: { failures: 0 } });
  expect((await host.update()).end).toMatchObject({ outcome: 'staged', bytesFetched: 0 });
});

test('service images that came along are taken before the release, and without one', async () => {
  const archive = { path: 'images/web.tar', bytes: 1, hashes: {}, place: [] };
  const images = [{ references: ['web:1'], archive }];
  const host = hostWith({ images });
  expect((await host.update()).end).toMatchObject({ outcome: 'staged', images: ['web:1'] });
  expect(host.story.slice(0, 2)).toEqual(['take web:1', 'clear-slot']);
  const upToDate = hostWith({ images, feed: feedOf({ version: '1.0' }) });
  expect((await upToDate.update()).end).toMatchObject({ outcome: 'none', images: ['web:1'] });
  expect(upToDate.story).toEqual(['take web:1']);
  const { target, steps } = await upToDate.keeper.look({ reason: operator });
  expect([target, steps.map(({ kind, summary }) => [kind, summary])]).toEqual([
    null,
    [['take-images', 'keep the service images web:1: at most 1 B']],
  ]);
});

test('service images that are taken by themselves are no look for releases', async () => {
  const archive = { path: 'images/web.tar', bytes: 1, hashes: {}, place: [] };
  const host = hostWith({ images: [{ references: ['web:1'], archive }] });
  expect(await host.keeper.bringImages('/bundle.tar')).toEqual(['web:1']);
  expect(host.story).toEqual(['take web:1']);
  expect(host.keeper.status()).toMatchObject({ state: 'idle', lastLook: null });
});

test('with nothing newer, nothing is done', async () => {
  const host = hostWith({ feed: feedOf({ version: '1.0' }) });
  expect((await host.update()).end).toMatchObject({ outcome: 'none', why: 'there is nothing newer' });
  expect(host.story).toEqual([]);
  expect(host.updater.state.kind).toBe('idle');
});

test.each([
  { what: 'the running release is on trial', set: { blessed: false }, code: 'BUSY' },
  { what: 'the slot is too small', set: { slotBytes: 100 }, code: 'DISK_FULL' },
  { what: 'the kernel does not fit', set: { room: 5 }, code: 'DISK_FULL' },
  {
    what: 'something else speaks against it',
    set: { admit: async () => Promise.reject(new BerthError('HOST_REFUSED', 'a volume cannot be copied')) },
    code: 'HOST_REFUSED',
  },
])('nothing is written when $what', async ({ set, code }) => {
  const host = hostWith({ ...set, files: ['berth_1.0.efi', 'berth_0.9.efi'] });
  await expect(host.update()).rejects.toMatchObject({ code });
  expect(host.story).toEqual([]);
  expect(host.files()).toEqual(['berth_1.0.efi', 'berth_0.9.efi']);
  expect(host.updater.state.kind).toBe('idle');
  expect(host.notes).toEqual([expect.stringContaining('update-failed 1.1')]);
});

test('a release that the firmware would not start is refused before anything is written', async () => {
  const firmware = { signer: 'CN=other', trusts: 'CN=own' };
  const host = hostWith({ firmware, files: ['berth_1.0.efi', 'berth_0.9.efi'] });
  const why = 'this machine’s firmware would not start the kernel of 1.1: it is signed by CN=other';
  const offer = await host.keeper.look({ reason: operator });
  expect(offer).toMatchObject({ target: null, outcome: why, steps: [] });
  expect([host.notes, host.memory.value.refused]).toEqual([[], []]);
  const refusal = {
    code: 'RELEASE_REFUSED',
    message: why,
    details: { refusal: 'firmware', signers: ['CN=other'], trusted: ['CN=own'] },
  };
  await expect(host.update()).rejects.toMatchObject(refusal);
  expect([host.story, host.updater.state.kind]).toEqual([[], 'idle']);
  expect(host.files()).toEqual(['berth_1.0.efi', 'berth_0.9.efi']);
  expect(host.notes).toEqual([`refused 1.1: ${why}`]);
  expect(host.keeper.status().lastLook).toMatchObject({ outcome: why, failures: 1 });
  // It is not tried again, and the status says why,
  expect((await host.update()).end).toMatchObject({ outcome: 'none', why: `1.1 was refused here: ${why}` });
  expect(host.keeper.status().lastLook).toMatchObject({ outcome: `1.1 was refused here: ${why}`, failures: 0 });
  // unless an operator names it,
  await expect(host.update({ to: '1.1' })).rejects.toMatchObject(refusal);
  expect(host.notes).toHaveLength(2);
  // or the firmware trusts others now.
  firmware.trusts = 'CN=other';
  expect((await host.update()).end).toMatchObject({ outcome: 'staged', version: '1.1' });
});

test('a release after one that the firmware refuses is taken', async () => {
  const firmware = { signer: 'CN=other', trusts: 'CN=own' };
  const refused = [{ digest: hash('1.1'), why: 'no', mark: 'CN=own' }];
  const feed = feedOf({ version: '1.0' }, { version: '1.1' }, { version: '1.2' });
  const host = hostWith({ firmware: { ...firmware, signer: 'CN=own' }, memory: { refused }, feed });
  expect((await host.update()).end).toMatchObject({ outcome: 'staged', version: '1.2' });
});

test('a transfer that fails leaves the running release alone, and the next attempt may do it', async () => {
  let fails = true;
  const host = hostWith({
    write: async () => {
      if (fails) throw new BerthError('RELEASE_UNREACHABLE', 'the network is down', { retryable: true });
      return Promise.resolve({ bytesFetched: 7, detours: [] });
    },
  });
  await expect(host.update()).rejects.toMatchObject({ code: 'RELEASE_UNREACHABLE' });
  expect(host.files()).toEqual(['berth_1.0.efi']);
  expect(host.keeper.status().lastLook).toMatchObject({ failures: 1, outcome: 'the network is down' });
  fails = false;
  expect((await host.update()).end).toMatchObject({ outcome: 'staged', bytesFetched: 7 });
});

test('an update that is cancelled ends, with the running release alone', async () => {
  const host = hostWith({
    write: async ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  });
  const updating = host.update();
  updating.catch(() => undefined);
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  expect(await host.keeper.cancel('ops cancelled it')).toBe(true);
  await expect(updating).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(host.files()).toEqual(['berth_1.0.efi']);
  expect(await host.keeper.cancel('again')).toBe(false);
});

test('what is staged is dropped on an operator’s word', async () => {
  const host = hostWith();
  await host.update();
  expect(await host.keeper.cancel('ops cancelled it')).toBe(true);
  expect(host.files()).toEqual(['berth_1.0.efi']);
  expect(host.notes.at(-1)).toBe('dropped 1.1: ops cancelled it');
});

test('a newer release takes the place of one that is staged', async () => {
  const releases = [{ version: '1.0' }, { version: '1.1' }];
  const host = hostWith({ files: ['berth_1.1+3.efi', 'berth_1.0.efi'], feed: feedOf(...releases, { version: '1.2' }) });
  await host.updater.settle([]);
  expect(host.updater.state).toMatchObject({ kind: 'staged', target: { version: '1.1' } });
  await host.update();
  expect(host.files()).toEqual(['berth_1.0.efi', 'berth_1.2+3.efi']);
  expect(host.notes).toEqual(['dropped 1.1: 1.2 takes its place', 'staged 1.2: 1.2 is offered']);
});

test('what is staged is gone, and told of, when the newer one that takes its place does not arrive', async () => {
  const host = hostWith({
    files: ['berth_1.1+3.efi', 'berth_1.0.efi'],
    feed: feedOf({ version: '1.0' }, { version: '1.2' }),
    write: async () => Promise.reject(new BerthError('RELEASE_UNREACHABLE', 'the network is down')),
  });
  await host.updater.settle([]);
  await expect(host.update()).rejects.toMatchObject({ code: 'RELEASE_UNREACHABLE' });
  expect(host.files()).toEqual(['berth_1.0.efi']);
  expect(host.notes).toEqual(['dropped 1.1: 1.2 takes its place', 'update-failed 1.2: the network is down']);
});

test('a staged release that is revoked is dropped, and the one before it is not taken', async () => {
  const host = hostWith({
    files: ['berth_1.1+3.efi', 'berth_1.0.efi'],
    feed: feedOf({ version: '1.0' }, { version: '1.1', revoked: 'eats data' }),
  });
  await host.updater.settle([{ version: '1.1', sequence: 2, digest: hash('1.1'), rootHash: '', atMs: noon }]);
  expect((await host.update()).end).toMatchObject({ outcome: 'none', why: '1.1 was revoked: eats data' });
  expect(host.files()).toEqual(['berth_1.0.efi']);
  expect(host.notes).toEqual(['dropped 1.1: it was revoked: eats data']);
});

test('what was revoked is told at each turn, though nothing is staged', async () => {
  const host = hostWith({ feed: feedOf({ version: '1.0' }, { version: '1.1', revoked: 'eats data' }) });
  await host.update();
  expect(host.revoked).toEqual(['1.1']);
});

const failedBefore: Set = {
  memory: { taken: [{ version: '1.1', sequence: 2, digest: hash('1.1'), rootHash: '', atMs: noon }] },
  rejected: ['1.1'],
};

test('a release that failed here is not taken again, unless an operator names it', async () => {
  const host = hostWith(failedBefore);
  expect((await host.update()).end).toMatchObject({ outcome: 'none', why: '1.1 failed here before' });
  expect((await host.update({ to: '1.1' })).end).toMatchObject({ outcome: 'staged', version: '1.1' });
});

test.each([
  { to: '9', code: 'NOT_FOUND' },
  { to: '0.9', code: 'CONFIG_INVALID' },
])('$to cannot be named', async ({ to, code }) => {
  const host = hostWith({ feed: feedOf({ version: '0.9' }, { version: '1.0' }, { version: '1.1' }) });
  await expect(host.update({ to })).rejects.toMatchObject({ code });
  expect(host.story).toEqual([]);
});

test('a barrier cannot be passed by naming what is behind it', async () => {
  const releases = [{ version: '1.0' }, { version: '1.1', barrier: true }, { version: '1.2' }] as const;
  const host = hostWith({ feed: feedOf(...releases) });
  await expect(host.update({ to: '1.2' })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: '1.2 comes after 1.1, which has to run here first',
  });
  expect((await host.update({ to: '1.1' })).end).toMatchObject({ outcome: 'staged', version: '1.1' });
  const behind = hostWith({ feed: feedOf({ version: '1.0' }, { version: '1.1' }, { version: '1.2', barrier: true }) });
  expect((await behind.update({ to: '1.1' })).end).toMatchObject({ outcome: 'staged', version: '1.1' });
});

test('a pin holds, over restarts', async () => {
  const host = hostWith();
  await host.keeper.pin({ version: '1.0' }, 'ops');
  expect((await host.update()).end).toMatchObject({ outcome: 'none', why: expect.stringContaining('pinned to 1.0') });
  expect(hostWith({ memory: host.memory.value }).keeper.status().pin).toEqual({ version: '1.0', until: null });
});

test('a pin until a time that is over would keep nothing away: it is refused, and the one before stays', async () => {
  const host = hostWith();
  await host.keeper.pin({ version: '1.0' }, 'ops');
  await expect(host.keeper.pin({ untilMs: noon }, 'ops')).rejects.toMatchObject({
    code: 'USAGE',
    message: `${new Date(noon).toISOString()} is over already: nothing would be kept away until then`,
  });
  expect(host.keeper.status().pin).toEqual({ version: '1.0', until: null });
});

test.each([
  { pin: { version: '1.0' }, is: 'dropped' },
  { pin: { version: '1.1' }, is: 'kept' },
  { pin: { version: '1' }, is: 'kept' },
  { pin: { untilMs: noon + 1 }, is: 'kept' },
])('what is staged is $is by the pin $pin', async ({ pin, is }) => {
  const host = hostWith();
  await host.update();
  expect(await host.keeper.pin(pin, 'ops')).toBe(is === 'dropped');
  expect(host.files()).toEqual(is === 'dropped' ? ['berth_1.0.efi'] : ['berth_1.0.efi', 'berth_1.1+3.efi']);
  if (is === 'dropped') expect(host.notes.at(-1)).toBe('dropped 1.1: ops pinned this host to 1.0');
});

test('a release that a pin excludes is not brought to its end', async () => {
  const host = hostWith({
    write: async ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        void host.keeper.pin({ version: '1.0' }, 'ops');
      }),
  });
  await expect(host.update()).rejects.toMatchObject({ message: 'ops pinned this host to 1.0' });
  expect(host.files()).toEqual(['berth_1.0.efi']);
});

test('the host never goes below what was blessed here', async () => {
  const host = hostWith({ memory: { blessedSequence: 5 } });
  expect((await host.update()).end).toMatchObject({ outcome: 'none', why: 'there is nothing newer' });
});

test.each([
  { what: 'it restarted for', runs: '1.0', digest: hash('1.0'), why: 'restarted for it: a release is staged' },
  { what: 'another one was restarted for', runs: '1.0', digest: hash('1.1'), why: '' },
])('why the host came to a release that $what', ({ runs, digest, why }) => {
  const taken = [{ version: runs, sequence: 7, digest: hash(runs), rootHash: hash(`root of ${runs}`), atMs: noon }];
  const restartedFor = { digest, bootId: 'boot-0', why: 'a release is staged' };
  expect(hostWith({ memory: { taken, restartedFor } }).keeper.whyBooted).toBe(why);
});

test('a host that comes up as before, though it restarted, does not restart again by itself', async () => {
  const target = { version: '1.1', sequence: 2, digest: hash('1.1'), rootHash: '', atMs: noon };
  const first = hostWith({ files: ['berth_1.1+3.efi', 'berth_1.0.efi'], memory: { taken: [target] } });
  await first.updater.settle([target]);
  expect(first.keeper.staged.waiting).toMatchObject({ version: '1.1' });
  await first.keeper.staged.noteRestart('a release is staged');
  const before: Set = { files: first.files(), memory: first.memory.value, policy: { strategy: 'off' } };
  const again = hostWith({ ...before, bootId: 'boot-2' });
  const ending = new AbortController();
  const running = again.keeper.run(ending.signal);
  for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
  ending.abort();
  await running;
  expect(again.keeper.staged.waiting).toBeUndefined();
  expect(again.notes).toEqual(['update-failed 1.1: the boot loader did not try it']);
  expect(again.keeper.status().state).toBe('staged');
  const sameBoot = hostWith(before);
  await sameBoot.keeper.run(AbortSignal.abort());
  expect(sameBoot.keeper.staged.waiting).toMatchObject({ version: '1.1' });
});

test.each([
  true,
  false,
])('once the running release is blessed (%s), the host remembers never to go below it', async (blessed) => {
  const taken = [{ version: '1.0', sequence: 7, digest: hash('1.0'), rootHash: hash('root of 1.0'), atMs: noon }];
  const host = hostWith({ blessed, memory: { taken }, policy: { strategy: 'off' } });
  const ending = new AbortController();
  const running = host.keeper.run(ending.signal);
  for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
  ending.abort();
  await running;
  expect(host.memory.value.blessedSequence).toBe(blessed ? 7 : 0);
});

test('the status shows an address without its password', () => {
  const host = hostWith({ policy: { feed: 'https://ops:secret@releases.example/berth?token=1' } });
  expect(host.keeper.status().feed).toBe('https://releases.example/berth');
});

test('looking changes nothing', async () => {
  const host = hostWith();
  const offer = await host.keeper.look({ reason: operator });
  expect(offer).toMatchObject({ target: { version: '1.1' }, outcome: '1.1 is offered' });
  expect(offer.steps.map(({ kind }) => kind)).toEqual([
    ...['clear-slot', 'write-slot', 'place-kernel', 'activate-release', 'restart-host'],
  ]);
  expect(host.story).toEqual([]);
});

test('by itself, a host looks when it is time, and tells of a release that used up its tries', async () => {
  const host = hostWith({ files: ['berth_1.0.efi', 'berth_0.9+0-3.efi'] });
  const ending = new AbortController();
  const running = host.keeper.run(ending.signal);
  for (let turn = 0; turn < 500 && host.updater.state.kind !== 'staged'; turn += 1) await Promise.resolve();
  ending.abort();
  await running;
  expect(host.notes).toEqual(['used up 0.9 in 3', 'staged 1.1: 1.1 is offered']);
  expect(host.files()).toEqual(['berth_1.0.efi', 'berth_1.1+3.efi']);
});

test('an operator need not wait for a repository that the host asks by itself, and that does not answer', async () => {
  const host = hostWith({ isSilentAtFirst: true });
  const ending = new AbortController();
  const running = host.keeper.run(ending.signal);
  for (let turn = 0; turn < 500 && host.updater.state.kind !== 'looking'; turn += 1) await Promise.resolve();
  expect(await host.keeper.update({ reason: operator }, () => undefined)).toMatchObject({
    outcome: 'staged',
    version: '1.1',
  });
  ending.abort();
  await running;
  expect(host.notes).toEqual(['staged 1.1: 1.1 is offered']);
});

test('a host whose strategy is off does nothing by itself', async () => {
  const host = hostWith({ policy: { strategy: 'off' } });
  const ending = new AbortController();
  const running = host.keeper.run(ending.signal);
  for (let turn = 0; turn < 500; turn += 1) await Promise.resolve();
  ending.abort();
  await running;
  expect([host.story, host.updater.state.kind]).toEqual([['proved with berth_1.0.efi'], 'idle']);
});

const staged: Set = {
  files: ['berth_1.1+3.efi', 'berth_1.0.efi'],
  memory: { taken: [{ version: '1.1', sequence: 2, digest: hash('1.1'), rootHash: '', atMs: noon }] },
};

test('what is staged is dropped on an operator’s word also while the host looks by itself', async () => {
  const host = hostWith({ ...staged, isSilentAtFirst: true });
  const ending = new AbortController();
  const running = host.keeper.run(ending.signal);
  for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
  expect(host.updater.state.kind).toBe('staged');
  expect(await host.keeper.cancel('ops cancelled it')).toBe(true);
  ending.abort();
  await running;
  expect([host.files(), host.updater.state.kind]).toEqual([['berth_1.0.efi'], 'idle']);
  expect(host.notes).toContain('dropped 1.1: ops cancelled it');
});

test('an update that is cancelled when it is just being activated is not staged', async () => {
  let cancelling: Promise<boolean> | undefined;
  const meanwhile = {
    activate: async () => {
      cancelling = host.keeper.cancel('ops cancelled it');
      return Promise.resolve();
    },
  };
  const host = hostWith({ meanwhile });
  await expect(host.update()).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(await cancelling).toBe(true);
  expect([host.files(), host.updater.state.kind]).toEqual([['berth_1.0.efi'], 'idle']);
  expect(host.keeper.staged.waiting).toBeUndefined();
});

test('an operator who only looks does not cost what is staged', async () => {
  let looking: Promise<unknown> | undefined;
  const meanwhile = {
    room: async () => {
      looking ??= host.keeper.look({ reason: operator });
      return Promise.resolve();
    },
  };
  const feed = feedOf({ version: '1.0' }, { version: '1.1' }, { version: '1.2' });
  const host = hostWith({ ...staged, feed, meanwhile });
  const ending = new AbortController();
  const running = host.keeper.run(ending.signal);
  for (let turn = 0; turn < 500 && looking === undefined; turn += 1) await Promise.resolve();
  expect(await looking).toMatchObject({ target: { version: '1.2' } });
  ending.abort();
  await running;
  expect([host.files(), host.notes]).toEqual([staged.files, []]);
});

test.each([
  { what: 'it cannot be taken away', meanwhile: { clear: async () => Promise.reject(new Error('no partition')) } },
  { what: 'the disk is full', failingSaves: 1 },
])('that a release used up its tries is known also when $what', async (set) => {
  const taken = [{ version: '1.0', sequence: 7, digest: hash('1.0'), rootHash: hash('root of 1.0'), atMs: noon }];
  const files = ['berth_1.0.efi', 'berth_0.9+0-3.efi'];
  const host = hostWith({ ...set, files, memory: { taken }, policy: { strategy: 'off' } });
  const ending = new AbortController();
  const running = host.keeper.run(ending.signal);
  for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
  ending.abort();
  await running;
  expect(host.notes).toContain('used up 0.9 in 3');
  expect(host.notes.filter((note) => note.startsWith('problem'))).toHaveLength(1);
});

test('a clock that was years ahead, and was set back, does not keep a host from looking', async () => {
  const lastTurn = { atMs: noon + 1e12, failures: 0 };
  expect(hostWith({ memory: { lastTurn } }).keeper.status().nextLook).toBe('2026-05-01T12:01:00.000Z');
  const host = hostWith();
  await host.clock.sleep(-1e11);
  expect(Date.parse(host.keeper.status().nextLook ?? '')).toBeLessThan(noon);
});

test('a host that stops in the midst of a transfer has not failed: it goes on as soon as it is up', async () => {
  const host = hostWith({
    write: async ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  });
  const ending = new AbortController();
  const running = host.keeper.run(ending.signal);
  for (let turn = 0; turn < 500 && host.updater.state.kind !== 'writing'; turn += 1) await Promise.resolve();
  ending.abort();
  await running;
  expect([host.files(), host.notes, host.memory.value.lastLook]).toEqual([['berth_1.0.efi'], [], undefined]);
});

test('whoever looks often does not keep the host from looking by itself', async () => {
  const host = hostWith({ memory: { lastTurn: { atMs: noon, failures: 0 } } });
  const next = host.keeper.status().nextLook;
  for (let time = 0; time < 3; time += 1) {
    await host.clock.sleep(600_000);
    await host.keeper.look({ reason: operator });
    await expect(host.update({ to: '9' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  }
  expect(host.keeper.status()).toMatchObject({ nextLook: next, lastLook: { failures: 1 } });
  await host.update();
  expect(host.keeper.status().nextLook).toBe('2026-05-01T13:15:00.000Z');
});

test('a host whose time has come waits for an operator who looks', async () => {
  const host = hostWith({ isSilentAtFirst: true });
  const looking = host.keeper.look({ reason: operator });
  looking.catch(() => undefined);
  const ending = new AbortController();
  const running = host.keeper.run(ending.signal);
  for (let turn = 0; turn < 500; turn += 1) await Promise.resolve();
  expect(host.clock.now()).toBeGreaterThan(noon + 120_000);
  expect(host.notes).toEqual([]);
  await host.keeper.cancel('ops cancelled it');
  await expect(looking).rejects.toMatchObject({ code: 'CANCELLED' });
  ending.abort();
  await running;
});
