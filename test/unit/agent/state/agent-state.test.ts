import { describe, expect, test } from '@jest/globals';
import { agentData } from '../../../../src/agent/state/agent-data.ts';
import { AgentState } from '../../../../src/agent/state/agent-state.ts';
import { type Migration, migrateFiles } from '../../../../src/agent/state/migration.ts';
import type { StateFiles } from '../../../../src/agent/state/state-files.ts';
import { isBerthError } from '../../../../src/core/errors.ts';
import { type Disk, type Loss, MemoryFiles, PowerCut } from './memory-files.ts';

/** Each text says which schema it is of; in the third, the switches are a part of the memory. */
const migrations: readonly Migration[] = [
  { from: 1, to: 2, migrate: migrateFiles([{ files: /./, change: (text) => text.replace('schema 1', 'schema 2') }]) },
  {
    from: 2,
    to: 3,
    migrate: async (data) => {
      await migrateFiles([{ files: /./, change: (text) => text.replace('schema 2', 'schema 3') }])(data);
      const parts = [await data.read('memory.json'), await data.read('overlay.json')];
      await data.write('memory.json', parts.join('; '));
      await data.remove('overlay.json');
    },
  },
];

const data = (schema: number): Record<string, string> => ({
  'generations/000001.json': `one, schema ${schema}`,
  'generations/000002.json': `two, schema ${schema}`,
  'ledger/ledger-000000000001.jsonl': `steps, schema ${schema}`,
  'memory.json': `memory, schema ${schema}`,
  'overlay.json': `switches, schema ${schema}`,
});

const { 'overlay.json': switches, ...others } = data(3);
const expected: Readonly<Record<number, Record<string, string>>> = {
  1: data(1),
  2: data(2),
  3: { ...others, 'memory.json': `memory, schema 3; ${switches ?? ''}` },
};

/** Of no schema: all releases share it. */
const shared = { 'os.json': 'what became of releases', 'system-engine/data/volumes/db/_data/file': 'a volume' };

const firstDisk = (): Disk =>
  new Map(Object.entries({ ...data(1), ...shared }).map(([name, text]) => [`/state/${name}`, text]));

async function open(schema: number, files: StateFiles): Promise<AgentState> {
  return AgentState.open('/state', { schema, migrations, files });
}

/** What is in a directory of what has a schema. */
function dataIn(disk: Disk, directory: string): Record<string, string> {
  const files = [...disk].flatMap(([path, text]) => {
    const name = path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : '';
    return agentData.includes(name.split('/')[0] ?? '') ? [[name, text] as const] : [];
  });
  return Object.fromEntries(files);
}

/** A release of this schema starts; it finds its data whole, and what is shared. */
async function starts(schema: number, disk: Disk): Promise<AgentState> {
  const state = await open(schema, new MemoryFiles(disk));
  expect(dataIn(disk, state.directory)).toEqual(expected[schema]);
  for (const [name, text] of Object.entries(shared)) expect(disk.get(`/state/${name}`)).toBe(text);
  return state;
}

describe('what a release finds', () => {
  test('is its own data when its schema is the first', async () => {
    const state = await starts(1, firstDisk());
    expect([state.directory, state.kept, state.story]).toEqual(['/state', [], '']);
  });

  test('is a migrated copy; what the release before reads is untouched', async () => {
    const disk = firstDisk();
    const state = await starts(2, disk);
    expect([state.kept, state.story]).toEqual([[1], 'what this host keeps was brought from schema 1 to 2']);
    expect(dataIn(disk, '/state')).toEqual(expected[1]);
  });

  test('was migrated over more than one schema', async () => {
    expect((await starts(3, firstDisk())).kept).toEqual([1]);
  });

  test('is what was kept, after the newer release was taken back', async () => {
    const disk = firstDisk();
    await starts(2, disk);
    disk.set('/state/state/2/memory.json', 'what the newer one wrote');
    const { kept, story } = await starts(1, disk);
    expect([kept, story]).toEqual([[], 'what this host keeps is that of schema 1 again, from before it had 2']);
    expect(dataIn(disk, '/state/state/2')).toEqual({});
  });

  test('is a copy of what counts now, at the second attempt', async () => {
    const disk = firstDisk();
    await starts(2, disk);
    await starts(1, disk);
    disk.set('/state/memory.json', 'memory, schema 1, later');
    const { directory } = await open(2, new MemoryFiles(disk));
    expect(disk.get(`${directory}/memory.json`)).toBe('memory, schema 2, later');
  });

  test('goes when the release that reads it has gone', async () => {
    const disk = firstDisk();
    const state = await starts(2, disk);
    await state.forgetKept();
    expect([state.kept, dataIn(disk, '/state')]).toEqual([[], {}]);
    await expect(open(1, new MemoryFiles(disk))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    // Refused, and nothing was written over.
    await starts(2, disk);
  });

  test.each([7, 4])('is not touched when nothing leads from it: schema %i', async (inUse) => {
    const disk = firstDisk();
    disk.set('/state/state-schema', JSON.stringify({ inUse, kept: [] }));
    const before = new Map(disk);
    await expect(open(3, new MemoryFiles(disk))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(disk).toEqual(before);
  });

  test('is nothing on a new host, which begins with the schema of its release', async () => {
    const state = await open(3, new MemoryFiles(new Map([['/state/machine-id', 'a host']])));
    expect([state.directory, state.kept]).toEqual(['/state/state/3', []]);
  });
});

/** What a host does between two moments at which it is well. */
interface Situation {
  readonly name: string;
  readonly before: (disk: Disk) => Promise<unknown>;
  /** In which the power goes. */
  readonly work: (files: StateFiles) => Promise<unknown>;
  /** Schemas of the releases that may boot afterwards. */
  readonly boots: readonly number[];
  /** One of them for which nothing need be left. */
  readonly given?: number;
}

const situations: readonly Situation[] = [
  {
    name: 'a migration',
    before: async () => Promise.resolve(),
    work: async (files) => open(2, files),
    boots: [1, 2],
  },
  {
    name: 'a migration over two schemas',
    before: async () => Promise.resolve(),
    work: async (files) => open(3, files),
    boots: [1, 3],
  },
  {
    name: 'a second migration, while the first copy is kept',
    before: async (disk) => starts(2, disk),
    work: async (files) => open(3, files),
    boots: [2, 3],
  },
  {
    name: 'a migration after a release was taken back',
    before: async (disk) => {
      await starts(2, disk);
      await starts(1, disk);
    },
    work: async (files) => open(2, files),
    boots: [1, 2],
  },
  {
    name: 'a return',
    before: async (disk) => starts(2, disk),
    work: async (files) => open(1, files),
    boots: [1, 2],
  },
  {
    name: 'dropping what was kept',
    before: async (disk) => starts(2, disk),
    work: async (files) => (await open(2, files)).forgetKept(),
    boots: [1, 2],
    given: 1,
  },
];

/** The disk after a power cut at each operation of a situation. */
async function* cuts({ before, work }: Situation, loss: Loss, flushes = true): AsyncGenerator<Disk> {
  for (let at = 1; ; at += 1) {
    const disk = firstDisk();
    await before(disk);
    try {
      await work(new MemoryFiles(disk, { at, loss, flushes }));
      return;
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
    yield disk;
  }
}

const losses: readonly Loss[] = ['kept', 'torn', 'lost'];

describe.each(situations)('a power cut in $name', (situation) => {
  test.each(
    situation.boots.flatMap((schema) => losses.map((loss) => ({ schema, loss }))),
  )('at any operation leaves a release of schema $schema its whole data, what was not flushed being $loss', async ({
    schema,
    loss,
  }) => {
    let count = 0;
    for await (const disk of cuts(situation, loss)) {
      count += 1;
      await starts(schema, disk).catch((error: unknown) => {
        if (situation.given !== schema || !isBerthError(error, 'UNSUPPORTED')) throw error;
      });
    }
    expect(count).toBeGreaterThan(2);
  });
});

test.each<Loss>(['torn', 'lost'])('without its flush, a migration would be found %s', async (loss) => {
  const [migration] = situations;
  let broken = 0;
  for await (const disk of migration === undefined ? [] : cuts(migration, loss, false)) {
    const { directory } = await open(2, new MemoryFiles(disk));
    if (JSON.stringify(dataIn(disk, directory)) !== JSON.stringify(expected[2])) broken += 1;
  }
  expect(broken).toBeGreaterThan(0);
});
