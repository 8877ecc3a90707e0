import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { OsRecords } from '../../../src/agent/os-records.ts';
import { OwnOs, type OwnOsDependencies } from '../../../src/agent/own-os.ts';
import type { OwnUpdates } from '../../../src/agent/own-updates.ts';
import { VolumeFiles } from '../../../src/agent/volumes/volume-files.ts';
import { VolumeKeeper } from '../../../src/agent/volumes/volume-keeper.ts';
import type { BootLoader } from '../../../src/boot/boot-loader.ts';
import { EspDirectory } from '../../../src/boot/esp.ts';
import { SystemdBoot } from '../../../src/boot/systemd-boot.ts';
import type { VolumeRollback } from '../../../src/config/service-spec.ts';
import { hasOpenEnd } from '../../../src/update/os-status.ts';

const operator = { who: 'ops', command: 'berth os rollback' };
const facts = { slot: 'b', device: '/dev/vda3', rootHash: 'bb' } as const;

let directory: string;
let story: string[];
/** On the console. */
let said: string[];
/** On the EFI partition. */
let noted: string;
let records: OsRecords | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-own-os-'));
  story = [];
  said = [];
});

afterEach(async () => {
  // What is noted of a blessing is not waited for; saving takes turns.
  await records?.save(new Set());
  records = undefined;
  await rm(directory, { recursive: true });
});

/** 1.1 runs, with a service that uses one volume; its engine is up. */
async function hostWith(
  rollback: VolumeRollback,
  updates?: OwnUpdates,
  onTrial: BootLoader['onTrial'] = async () => Promise.resolve(undefined),
  other: Partial<OwnOsDependencies> = {},
): Promise<OwnOs> {
  const volumes = new VolumeKeeper({
    files: new VolumeFiles(directory),
    running: { rootHash: facts.rootHash, version: '1.1' },
    isBlessed: () => false,
    holds: {
      held: () => new Set(),
      stopped: () => new Set(),
      hold: async () => Promise.resolve(),
      lift: async () => Promise.resolve(),
    },
    onProblem: (why) => story.push(why),
  });
  const create = { driver: 'local', driverOptions: {}, labels: {} };
  await volumes.declare({
    services: new Map(),
    networks: [],
    volumes: [{ name: 'db', engine: 'user', key: 'berth.volumes.db', rollback, create }],
  });
  await volumes.engineCameUp('user');
  const loader: Pick<BootLoader, 'running' | 'onTrial' | 'entries' | 'bless' | 'reject'> = {
    onTrial,
    running: async () => Promise.resolve({ name: 'berth_1.1', version: '1.1' }),
    entries: async () => Promise.resolve([]),
    bless: async (name) => Promise.resolve(void story.push(`bless ${name}`)),
    reject: async (name, reason) => {
      story.push(`reject ${name}`);
      noted = reason;
      return Promise.resolve();
    },
  };
  records = other.records ?? (await OsRecords.open(directory));
  return new OwnOs({
    ...{ version: '1.1', facts, volumes, loader: loader as BootLoader },
    ...(updates === undefined ? {} : { updates }),
    state: { schema: 2, kept: [1] },
    reporter: { run: async () => Promise.resolve(), counts: { pending: 0, accepted: 0, failures: 0 } },
    checks: () => [],
    setDeadline: async () => Promise.resolve(),
    secondsLeft: () => 190,
    setBlockers: async () => Promise.resolve(),
    records,
    release: async () => Promise.resolve(),
    isStopping: () => false,
    onBlessed: () => undefined,
    reboot: async () => Promise.resolve(void story.push('reboot')),
    recorder: { record: ({ kind }) => void story.push(kind) },
    clock: { now: () => 0, sleep: async (_ms, signal) => Promise.resolve(signal?.throwIfAborted()) },
    say: (line) => void said.push(line),
    ...other,
  });
}

test.each<VolumeRollback>(['keep', 'snapshot'])('an operator goes back where volumes say %s', async (rollback) => {
  const os = await hostWith(rollback);
  await os.rollBackOs({ reason: '', force: false }, operator);
  expect(story).toEqual(['reject berth_1.1', 'roll-back-release', 'reboot']);
  expect((await os.osHistory()).map(({ kind }) => kind)).toEqual(['rolled-back']);
});

test('the history says why the host restarted into a release', async () => {
  const why = 'restarted for it: deferred for as long as may be';
  const updates: Pick<OwnUpdates, 'run' | 'whyBooted'> = { run: async () => Promise.resolve(), whyBooted: why };
  const os = await hostWith('keep', updates as OwnUpdates);
  await os.run(AbortSignal.abort());
  expect(await os.osHistory()).toMatchObject([{ kind: 'booted', version: '1.1', reason: why }]);
});

test('the console tells which release was taken back, and what became of the volumes', async () => {
  const os = await hostWith('snapshot');
  await os.note('rejected', 'it was not healthy', '1.2');
  const takenBack = join(directory, 'volumes/taken-back');
  await mkdir(join(takenBack, 'user/db'), { recursive: true });
  await writeFile(join(takenBack, 'of'), 'cc 1.2\n');
  await os.run(AbortSignal.abort());
  expect(said).toEqual([
    'os: 1.2 was taken back: it was not healthy',
    `os: user/db as before 1.2; what it wrote there is in ${takenBack}`,
  ]);
});

test('past a volume that goes forward only, nobody goes back who does not insist', async () => {
  const os = await hostWith('forward-only');
  await expect(os.rollBackOs({ reason: '', force: false }, operator)).rejects.toMatchObject({
    code: 'HOST_REFUSED',
    message: 'services ran under 1.1 with volumes that go forward only: user/db',
  });
  expect(story).toEqual([]);
  expect(await os.osHistory()).toMatchObject([{ kind: 'rollback-blocked', version: '1.1' }]);
  expect(await os.osStatus()).toMatchObject({
    ...{ state: { schema: 2, kept: [1] }, volumes: { forwardOnly: ['user/db'] } },
    bless: { kind: 'on-trial', secondsLeft: 190 },
  });
  await os.rollBackOs({ reason: 'its data is restored', force: true }, operator);
  expect(story).toEqual(['reject berth_1.1', 'roll-back-release', 'reboot']);
  // The other release does not hold the service.
  expect(await readFile(join(directory, 'volumes/forward-only'), 'utf8')).toBe('');
});

test.each<{ what: string; onTrial: BootLoader['onTrial']; isBlessed: boolean }>([
  { what: 'is blessed since before', onTrial: async () => Promise.resolve(undefined), isBlessed: true },
  { what: 'is on trial', onTrial: async () => Promise.resolve('berth_1.1+2-1'), isBlessed: false },
  { what: 'cannot be asked for yet', onTrial: async () => Promise.reject(new Error('busy')), isBlessed: false },
])('the first answer says so when the release $what', async ({ onTrial, isBlessed }) => {
  const os = await hostWith('keep', undefined, onTrial);
  await os.recall();
  expect(os.summary).toMatchObject({ isBlessed });
  expect(await os.osStatus()).toMatchObject({ bless: { kind: isBlessed ? 'blessed' : 'on-trial' } });
});

describe('berth os bless', () => {
  const trial: BootLoader['onTrial'] = async () => Promise.resolve('berth_1.1');
  const checks = (holds: boolean): OwnOsDependencies['checks'] => {
    const look = async () => Promise.resolve({ holds, detail: 'no answer' });
    return () => [{ name: 'shop', level: 'required', look }];
  };

  test('refuses before anything was looked at, when a check does not hold', async () => {
    const os = await hostWith('keep', undefined, trial, { checks: checks(false) });
    await os.recall();
    await expect(os.blessOs({ manual: false }, operator)).rejects.toMatchObject({
      code: 'BUSY',
      message: '1.1 has not proved itself: shop: no answer',
    });
    expect(story).toEqual([]);
    expect(await os.osStatus()).toMatchObject({ bless: { kind: 'on-trial', blockers: ['shop'] } });
    await os.blessOs({ manual: true }, operator);
    expect(story).toEqual(['bless berth_1.1', 'bless-release']);
  });

  test('goes by what holds now, not by what did', async () => {
    let holds = true;
    const look = async () => Promise.resolve({ holds, detail: 'no answer' });
    const os = await hostWith('keep', undefined, trial, { checks: () => [{ name: 'shop', level: 'required', look }] });
    await os.recall();
    holds = false;
    await expect(os.blessOs({ manual: false }, operator)).rejects.toMatchObject({ code: 'BUSY' });
    holds = true;
    expect(await os.blessOs({ manual: false }, operator)).toMatchObject({ bless: { kind: 'blessed' } });
    expect(story).toEqual(['bless berth_1.1', 'bless-release']);
    expect(await os.osHistory()).toMatchObject([{ kind: 'blessed', reason: 'ops said so' }]);
  });

  test('a check that held under the release before counts', async () => {
    const before = await OsRecords.open(join(directory, 'before'));
    await before.save(new Set(['shop']));
    const look = async () => Promise.resolve({ holds: false, detail: 'no answer' });
    const os = await hostWith('keep', undefined, trial, {
      ...{ records: before, checks: () => [{ name: 'shop', level: 'baseline', look }] },
    });
    await os.recall();
    await expect(os.blessOs({ manual: false }, operator)).rejects.toMatchObject({ code: 'BUSY' });
    expect(story).toEqual([]);
  });

  test('says when the boot loader cannot be asked', async () => {
    const os = await hostWith('keep', undefined, async () => Promise.reject(new Error('no partition')));
    await expect(os.blessOs({ manual: true }, operator)).rejects.toThrow('no partition');
    expect(story).toEqual([]);
  });
});

test.each([false, true])('nobody rolls back into a release that is staged, whoever insists: %s', async (force) => {
  await mkdir(join(directory, 'EFI/Linux'), { recursive: true });
  for (const file of ['berth_1.1.efi', 'berth_1.2+3.efi']) await writeFile(join(directory, 'EFI/Linux', file), 'MZ');
  const loader = new SystemdBoot({ use: async (_mode, work) => work(new EspDirectory(directory)) });
  loader.running = async () => Promise.resolve({ name: 'berth_1.1', version: '1.1' });
  const os = await hostWith('keep', undefined, undefined, { loader });
  await expect(os.rollBackOs({ reason: '', force }, operator)).rejects.toMatchObject({
    message: '1.2 is staged in the place of the release before: there is none to go back to',
  });
  expect((await readdir(join(directory, 'EFI/Linux'))).sort()).toEqual(['berth_1.1.efi', 'berth_1.2+3.efi']);
  expect(story).toEqual([]);
  expect(await os.osHistory()).toEqual([]);
});

test('the boot loader is not asked again for what is known', async () => {
  const asked: string[] = [];
  const os = await hostWith('keep', undefined, async () => {
    asked.push('onTrial');
    return Promise.resolve(undefined);
  });
  await os.recall();
  await os.run(AbortSignal.abort());
  await os.blessOs({ manual: false }, operator);
  expect(asked).toEqual(['onTrial']);
});

test('a release that was refused stands in the summary until another one has proved itself', async () => {
  const os = await hostWith('keep');
  await os.note('refused', 'no key in db signed it', '1.2');
  expect(os.summary).toMatchObject({ refused: { version: '1.2', reason: 'no key in db signed it' }, takenBack: null });
  await os.note('blessed', '', '1.3');
  expect(os.summary).toMatchObject({ refused: null });
});

test('what an operator took back is known though the power goes before the history has it', async () => {
  const os = await hostWith('keep');
  await os.rollBackOs({ reason: 'slow\nand loud', force: false }, operator);
  const reason = 'ops rolled it back: slow and loud';
  const { events } = await OsRecords.open(directory);
  const told = await OsRecords.open(directory);
  await told.takeRejected('berth_1.1', noted);
  expect(told.events).toEqual(events);
  expect(events).toMatchObject([{ kind: 'rolled-back', reason }]);
  const without = await OsRecords.open(join(directory, 'elsewhere'));
  await without.takeRejected('berth_1.1', noted);
  expect(without.events).toEqual([{ at: '1970-01-01T00:00:00Z', kind: 'rejected', version: '1.1', reason }]);
});

test('what an operator took back is looked for at the next boot where the history could not be written', async () => {
  const os = await hostWith('keep');
  await os.note('booted', '');
  await os.note('blessed', 'its health gate is open');
  await mkdir(join(directory, 'os.json.new'));
  await os.rollBackOs({ reason: 'slow', force: false }, operator);
  expect(story).toEqual(['reject berth_1.1', 'roll-back-release', 'reboot']);
  await rm(join(directory, 'os.json.new'), { recursive: true });
  const { events } = await OsRecords.open(directory);
  expect(events.map(({ kind }) => kind)).toEqual(['booted', 'blessed']);
  expect(hasOpenEnd(events, '1.0')).toBe(true);
});

test('who insists goes back though the volumes cannot be let go, and hears what that means', async () => {
  const os = await hostWith('forward-only');
  await mkdir(join(directory, 'volumes/forward-only.new'));
  await os.rollBackOs({ reason: '', force: true }, operator);
  expect(story).toEqual(['reject berth_1.1', 'roll-back-release', 'reboot']);
  expect(said).toEqual([
    expect.stringMatching(/^os: services with user\/db stay stopped .*: berth service start NAME/),
  ]);
});
