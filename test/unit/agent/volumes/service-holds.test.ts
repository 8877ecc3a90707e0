import { expect, test } from '@jest/globals';
import { serviceHolds } from '../../../../src/agent/volumes/service-holds.ts';
import type { ServiceHolds } from '../../../../src/agent/volumes/volume-keeper.ts';
import type { ServiceMemory } from '../../../../src/services/model.ts';

test('what a rollback holds is told apart from what an operator stopped, and lifted without a trace', async () => {
  const { memory, holds } = remembering();
  await holds.hold({ service: 'shop', why: 'its volume went forward' });
  expect([[...holds.held()], [...holds.stopped()]]).toEqual([['shop'], ['web', 'shop']]);
  expect(memory['shop']?.wish?.reason).toMatchObject({ kind: 'rollback', detail: 'its volume went forward' });
  await holds.lift('shop');
  expect([[...holds.held()], memory['shop']?.wish, memory['web']?.wish?.kind]).toEqual([[], undefined, 'stopped']);
});

test('what an operator stopped stays theirs to start', async () => {
  const { memory, holds } = remembering();
  await holds.hold({ service: 'web', why: 'its volume went forward' });
  expect([...holds.held()]).toEqual([]);
  await holds.lift('web');
  expect(memory['web']?.wish).toMatchObject({ kind: 'stopped', reason: { kind: 'operator' } });
});

/** An operator has stopped `web`. */
function remembering(): { memory: Record<string, ServiceMemory>; holds: ServiceHolds } {
  const memory: Record<string, ServiceMemory> = {
    web: { wish: { kind: 'stopped', reason: { kind: 'operator', who: 'ops', command: 'berth service stop web' } } },
  };
  const holds = serviceHolds({
    memory,
    remember: async (name, change) =>
      Promise.resolve(void (memory[name] = { ...memory[name], ...change } as ServiceMemory)),
  });
  return { memory, holds };
}
