import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { VolumeRelease } from '../../../../src/agent/volumes/forward-marks.ts';
import { VolumeFiles } from '../../../../src/agent/volumes/volume-files.ts';
import { type ServiceHolds, VolumeKeeper } from '../../../../src/agent/volumes/volume-keeper.ts';
import type { VolumeRollback } from '../../../../src/config/service-spec.ts';
import type { Desired, DesiredService } from '../../../../src/services/model.ts';

const old = { rootHash: 'aa', version: '1.0.0' };
const newer = { rootHash: 'bb', version: '1.1.0' };

let state: string;
let held: string[];
/** By an operator. */
let stopped: string[];
let problems: string[];
let isBlessed: boolean;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'berth-volumes-'));
  [held, stopped, problems, isBlessed] = [[], [], [], false];
});

afterEach(async () => rm(state, { recursive: true }));

const holds = (): ServiceHolds => ({
  held: () => new Set(held),
  stopped: () => new Set([...held, ...stopped]),
  hold: async ({ service }) => Promise.resolve(void held.push(service)),
  lift: async (service) => Promise.resolve(void (held = held.filter((name) => name !== service))),
});

/** An agent of a release, whose engine runs. */
async function keeper(running: VolumeRelease): Promise<VolumeKeeper> {
  const agent = starting(running);
  await agent.engineCameUp('user');
  return agent;
}

function starting(running: VolumeRelease): VolumeKeeper {
  return new VolumeKeeper({
    files: new VolumeFiles(state),
    running,
    isBlessed: () => isBlessed,
    holds: holds(),
    onProblem: (why) => problems.push(why),
  });
}

/** Services with one volume. */
function declared(rollback: VolumeRollback, ...names: readonly string[]): Desired {
  const using = (name: string) => ({ name, engine: 'user', volumes: ['db'] }) as unknown as DesiredService;
  const create = { driver: 'local', driverOptions: {}, labels: {} };
  return {
    services: new Map((names.length === 0 ? ['shop'] : names).map((name) => [name, using(name)])),
    networks: [],
    volumes: [{ name: 'db', engine: 'user', key: 'berth.volumes.db', rollback, create }],
  };
}

const read = async (name: string): Promise<string> => readFile(join(state, 'volumes', name), 'utf8');

test('nothing is written while nothing is declared', async () => {
  await (await keeper(old)).declare(declared('keep'));
  await expect(read('rules')).rejects.toMatchObject({ code: 'ENOENT' });
});

test('what is declared is noted for the boot, with the release that runs', async () => {
  await (await keeper(old)).declare(declared('snapshot'));
  expect([await read('rules'), await read('last')]).toEqual([
    'snapshot user db user-engine/volumes/db/_data\n',
    'aa 1.0.0\n',
  ]);
  // Whether another release ran last is for the boot to say.
  await (await keeper(newer)).declare(declared('keep'));
  expect([await read('rules'), await read('last')]).toEqual(['', 'aa 1.0.0\n']);
});

test.each([
  ['another release, while this one is on trial', 'aa 1.0.0\n', false, 'aa 1.0.0\n'],
  ['another release, for which the boot had no room', 'aa 1.0.0\n', true, 'bb 1.1.0\n'],
  ['nothing', '', false, 'bb 1.1.0\n'],
  ['the same', 'bb 1.1.0\n', true, 'bb 1.1.0\n'],
])('the release that ran last, where what is noted is %s', async (_noted, before, blessed, after) => {
  await mkdir(join(state, 'volumes'));
  await writeFile(join(state, 'volumes/last'), before);
  isBlessed = blessed;
  await (await keeper(newer)).declare(declared('snapshot'));
  expect(await read('last')).toBe(after);
});

describe('a release is not taken', () => {
  test('while volumes are still to be put back', async () => {
    const agent = await keeper(old);
    await agent.declare(declared('snapshot'));
    await mkdir(join(state, 'volumes/restore'));
    await expect(agent.requireCopies()).rejects.toMatchObject({
      code: 'HOST_REFUSED',
      message: 'volumes of a release that was taken back are not yet as they were before it',
      hint: expect.stringContaining('restart the host'),
    });
    await rm(join(state, 'volumes/restore'), { recursive: true });
    await expect(agent.requireCopies()).resolves.toBeUndefined();
  });

  test('before it is noted that this one ran last', async () => {
    isBlessed = true;
    const agent = await keeper(newer);
    await agent.declare(declared('snapshot'));
    await writeFile(join(state, 'volumes/last'), 'aa 1.0.0\n');
    await mkdir(join(state, 'volumes/last.new/full'), { recursive: true });
    await expect(agent.requireCopies()).rejects.toMatchObject({
      code: 'HOST_REFUSED',
      message: expect.stringMatching(/^it cannot be noted which release ran last: /),
    });
    await rm(join(state, 'volumes/last.new'), { recursive: true });
    await agent.requireCopies();
    expect(await read('last')).toBe('bb 1.1.0\n');
  });
});

describe('a volume that goes forward only', () => {
  test('is marked before services run with it, by each release anew', async () => {
    const agent = await keeper(old);
    await agent.declare(declared('forward-only'));
    expect([await read('forward-only'), agent.forwardOnly]).toEqual(['aa 1.0.0 user db\n', ['user/db']]);
    await (await keeper(newer)).declare(declared('forward-only'));
    expect(await read('forward-only')).toBe('bb 1.1.0 user db\n');
    expect(held).toEqual([]);
  });

  test('is told before another release is taken', async () => {
    const agent = await keeper(old);
    await agent.declare(declared('snapshot'));
    expect(agent.warnings).toEqual([]);
    await agent.declare(declared('forward-only'));
    expect(agent.warnings).toEqual([expect.stringContaining('volumes that go forward only: user/db')]);
  });

  test('is marked once its engine runs, not before', async () => {
    const agent = starting(newer);
    await agent.declare(declared('forward-only'));
    await agent.engineCameUp('system');
    await expect(read('forward-only')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(agent.forwardOnly).toEqual([]);
    await agent.engineCameUp('user');
    expect([await read('forward-only'), agent.forwardOnly]).toEqual(['bb 1.1.0 user db\n', ['user/db']]);
  });

  test('keeps the mark of the release that ran with it, where an engine never runs', async () => {
    await (await keeper(old)).declare(declared('forward-only'));
    await starting(newer).declare(declared('forward-only'));
    expect(await read('forward-only')).toBe('aa 1.0.0 user db\n');
  });

  test('keeps its service from an older release until an operator starts it', async () => {
    await (await keeper(newer)).declare(declared('forward-only'));
    await (await keeper(old)).declare(declared('forward-only'));
    await (await keeper(old)).declare(declared('forward-only'));
    expect([held, await read('forward-only')]).toEqual([['shop'], 'bb 1.1.0 user db aa:shop\n']);
    held = [];
    await (await keeper(old)).declare(declared('forward-only'));
    expect([held, await read('forward-only')]).toEqual([[], 'aa 1.0.0 user db\n']);
  });

  test('keeps its services though an operator stops one, and another one comes', async () => {
    await (await keeper(newer)).declare(declared('forward-only', 'shop', 'worker'));
    const agent = await keeper(old);
    await agent.declare(declared('forward-only', 'shop', 'worker'));
    [held, stopped] = [['worker'], ['shop']];
    await agent.declare(declared('forward-only', 'shop', 'worker'));
    await agent.declare(declared('forward-only', 'shop', 'worker', 'report'));
    await agent.declare(declared('forward-only', 'shop', 'worker', 'report'));
    expect([held, await read('forward-only')]).toEqual([
      ['worker', 'report'],
      'bb 1.1.0 user db aa:shop,worker,report\n',
    ]);
  });

  test('is held again after a later release lifted that, and crashed before its engine ran', async () => {
    await (await keeper(newer)).declare(declared('forward-only'));
    await (await keeper(old)).declare(declared('forward-only'));
    await starting(newer).declare(declared('forward-only'));
    expect([held, await read('forward-only')]).toEqual([[], 'bb 1.1.0 user db\n']);
    await (await keeper(old)).declare(declared('forward-only'));
    expect([held, await read('forward-only')]).toEqual([['shop'], 'bb 1.1.0 user db aa:shop\n']);
  });

  test('is not taken for started by somebody after a power cut while a later release lifts that', async () => {
    await (await keeper(newer)).declare(declared('forward-only'));
    await (await keeper(old)).declare(declared('forward-only'));
    const cut = new VolumeKeeper({
      files: new VolumeFiles(state),
      running: newer,
      isBlessed: () => isBlessed,
      holds: {
        ...holds(),
        lift: async (service) =>
          holds()
            .lift(service)
            .then(async () => Promise.reject(new Error('cut'))),
      },
      onProblem: (why) => problems.push(why),
    });
    await cut.declare(declared('forward-only'));
    expect([held, problems]).toEqual([[], [expect.stringContaining('cut')]]);
    await (await keeper(old)).declare(declared('forward-only'));
    expect(held).toEqual(['shop']);
  });

  test('is still there for its services when they come back under an older release', async () => {
    const agent = await keeper(newer);
    await agent.declare(declared('forward-only'));
    const without: Desired = { services: new Map(), networks: [], volumes: [] };
    await agent.declare(without);
    expect(agent.forwardOnly).toEqual(['user/db']);
    await (await keeper(old)).declare(without);
    await (await keeper(old)).declare(declared('forward-only'));
    expect(held).toEqual(['shop']);
  });

  test('lets its service run again under a later release', async () => {
    await (await keeper(newer)).declare(declared('forward-only'));
    await (await keeper(old)).declare(declared('forward-only'));
    await (await keeper({ rootHash: 'cc', version: '1.2.0' })).declare(declared('forward-only'));
    expect([held, await read('forward-only')]).toEqual([[], 'cc 1.2.0 user db\n']);
  });

  test('keeps no service from an older release when somebody wanted to go back', async () => {
    const agent = await keeper(newer);
    await agent.declare(declared('forward-only'));
    await agent.letGoBack();
    await (await keeper(old)).declare(declared('forward-only'));
    expect(held).toEqual([]);
  });

  test('is held again after a power cut before the mark', async () => {
    await (await keeper(newer)).declare(declared('forward-only'));
    const cut = new VolumeKeeper({
      files: new VolumeFiles(state),
      running: old,
      isBlessed: () => isBlessed,
      holds: { ...holds(), hold: async () => Promise.reject(new Error('the disk is full')) },
      onProblem: (why) => problems.push(why),
    });
    await cut.engineCameUp('user');
    await cut.declare(declared('forward-only'));
    expect(problems).toEqual(['what volumes say of rollbacks could not be noted: the disk is full']);
    await (await keeper(old)).declare(declared('forward-only'));
    expect(held).toEqual(['shop']);
  });
});

describe('what is kept', () => {
  beforeEach(async () => {
    for (const [name, of] of [
      ['snapshot', 'aa 1.0.0'],
      ['taken-back', 'bb 1.1.0'],
    ] as const) {
      await mkdir(join(state, 'volumes', name, 'user/db'), { recursive: true });
      await writeFile(join(state, 'volumes', name, 'of'), `${of}\n`);
    }
  });

  test('is told', async () => {
    expect(await (await keeper(newer)).status()).toEqual({
      snapshot: { version: '1.0.0', volumes: ['user/db'] },
      takenBack: { version: '1.1.0', volumes: ['user/db'], directory: join(state, 'volumes/taken-back') },
      forwardOnly: [],
    });
  });

  test('is the copies no more, once the release is blessed', async () => {
    const agent = await keeper(newer);
    await agent.forgetCopies();
    await agent.forgetCopies();
    expect(await agent.status()).toMatchObject({ snapshot: null, takenBack: { version: '1.1.0' } });
  });

  test('goes though the power went while it was dropped', async () => {
    await mkdir(join(state, 'volumes/snapshot.old/user/db'), { recursive: true });
    await (await keeper(newer)).forgetCopies();
    await expect(read('snapshot.old/user')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
