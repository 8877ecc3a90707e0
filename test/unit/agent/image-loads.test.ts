import { describe, expect, test } from '@jest/globals';
import { DurableImageLoads, type OpenLoad } from '../../../src/agent/image-loads.ts';
import { BerthError } from '../../../src/core/errors.ts';

const old: OpenLoad = { reference: 'web:1', bootId: 'yesterday' };

/** An engine with references and ids, and a notebook of everything that happens. */
function bench(saved: readonly OpenLoad[], images: Record<string, string> = {}) {
  const here = new Map(Object.entries(images));
  const happened: string[] = [];
  const used = new Set<string>();
  const loads = new DurableImageLoads({
    bootId: 'today',
    saved,
    save: async (open) => void happened.push(`save ${open.map(({ reference }) => reference).join(' ')}`.trim()),
    flush: async () => void happened.push('flush'),
  });
  const load = (reference: string, id: string, outcome: () => void = () => undefined): Promise<string> =>
    loads.settle({
      reference,
      load: async () => {
        happened.push(`load ${reference}`);
        outcome();
        here.set(reference, id);
        return id;
      },
      engine: {
        find: async (one) => {
          const found = here.get(one);
          return found === undefined
            ? undefined
            : { id: found, references: [one], digests: [], createdAt: 0, sizeBytes: 0 };
        },
        remove: async (one) => {
          if (used.has(one)) throw new BerthError('ENGINE_CONFLICT', `image ${one} is in use`);
          happened.push(`remove ${one}`);
          here.delete(one);
        },
      },
    });
  return { loads, load, happened, used };
}

describe('a load', () => {
  test('is noted before it begins and struck out when it is flushed', async () => {
    const { load, happened } = bench([]);
    expect(await load('web:1', 'a')).toBe('a');
    expect(happened).toEqual(['save web:1', 'load web:1', 'flush', 'save']);
  });

  test('that fails stays noted', async () => {
    const { load, happened } = bench([]);
    const failing = load('web:1', 'a', () => {
      throw new BerthError('DISK_FULL', 'no space left on device');
    });
    await expect(failing).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(happened).toEqual(['save web:1', 'load web:1']);
  });

  test('in a boot that had begun it already keeps what was there before', async () => {
    const begun = { reference: 'web:1', before: 'whole', bootId: 'today' };
    const saved: OpenLoad[][] = [];
    const loads = new DurableImageLoads({
      bootId: 'today',
      saved: [begun],
      save: async (open) => void saved.push([...open]),
      flush: async () => undefined,
    });
    const find = async () => ({ id: 'half', references: [], digests: [], createdAt: 0, sizeBytes: 0 });
    await loads.settle({ reference: 'web:1', load: async () => 0, engine: { find, remove: async () => undefined } });
    expect(saved).toEqual([[begun], []]);
  });
});

describe('after a power cut', () => {
  const torn: readonly [string, OpenLoad, string, string, boolean][] = [
    ['the image whose load was open is torn', old, 'web:1', 'a', true],
    ['by whichever of its names', { ...old, reference: 'web:latest' }, 'docker.io/library/web', 'a', true],
    ['the image that was there before the load is whole', { ...old, before: 'a' }, 'web:1', 'a', false],
    ['one that came in its place is torn', { ...old, before: 'a' }, 'web:1', 'b', true],
    ['another image is whole', old, 'web:2', 'a', false],
    ['a load of this boot tears nothing', { ...old, bootId: 'today' }, 'web:1', 'a', false],
  ];
  test.each(torn)('%s', (_, load, reference, id, expected) => {
    expect(bench([load]).loads.isTorn(reference, id)).toBe(expected);
  });

  test('a torn image is removed, loaded, removed with the layers it took over, and loaded anew', async () => {
    const { loads, load, happened } = bench([old], { 'web:1': 'a' });
    await load('web:1', 'a');
    expect(happened).toEqual([
      ...['remove web:1', 'load web:1', 'remove web:1'],
      ...['save web:1', 'load web:1', 'flush', 'save'],
    ]);
    expect(loads.isTorn('web:1', 'a')).toBe(false);
    happened.length = 0;
    await load('db:1', 'c');
    expect(happened).toEqual(['save db:1', 'load db:1', 'flush', 'save']);
  });

  test('other images are loaded twice too, one after the other, as long as one is torn', async () => {
    const { load, happened } = bench([old], { 'web:1': 'a' });
    await Promise.all([load('db:1', 'c'), load('web:1', 'a')]);
    expect(happened.filter((one) => !one.startsWith('save'))).toEqual([
      ...['remove web:1', 'load db:1', 'remove db:1', 'load db:1', 'flush'],
      ...['load web:1', 'remove web:1', 'load web:1', 'flush'],
    ]);
  });

  test('an image that a container uses stays', async () => {
    const { load, happened, used } = bench([old], { 'web:1': 'a' });
    used.add('web:1');
    await load('web:1', 'a');
    expect(happened).toEqual(['load web:1', 'save web:1', 'load web:1', 'flush', 'save']);
  });

  test('what fails while it is mended is tried again as torn', async () => {
    const { loads, load } = bench([old], { 'web:1': 'a' });
    const failing = load('web:1', 'a', () => {
      throw new BerthError('IMAGE_PULL_FAILED', 'no route to host');
    });
    await expect(failing).rejects.toMatchObject({ code: 'IMAGE_PULL_FAILED' });
    expect(loads.isTorn('web:1', 'a')).toBe(true);
  });
});
