import { expect, test } from '@jest/globals';
import { MemoryKeeper } from '../../../src/services/memory-keeper.ts';
import type { Memory } from '../../../src/services/model.ts';

const clock = { now: () => 0, sleep: () => new Promise<void>(() => undefined) };

/** A store that saves when it is told to. */
class SlowStore {
  readonly saved: string[][] = [];
  readonly waiting: { finish(): void; fail(error: Error): void }[] = [];

  async load(): Promise<Memory> {
    return {};
  }

  async save(memory: Memory): Promise<void> {
    await new Promise<void>((finish, fail) => this.waiting.push({ finish, fail }));
    this.saved.push(Object.keys(memory));
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('saves are made one at a time, and who asks during one waits for its own', async () => {
  const store = new SlowStore();
  const keeper = new MemoryKeeper(store, clock);
  const ends: string[] = [];
  keeper.remember('web', { startedAt: 1 });
  const first = keeper.flush().then(() => ends.push('first'));
  await turn();
  keeper.remember('db', { startedAt: 1 });
  const second = keeper.flush().then(() => ends.push('second'));
  await turn();
  expect(store.waiting).toHaveLength(1);
  store.waiting[0]?.finish();
  await turn();
  expect(store.waiting).toHaveLength(2);
  expect(ends).toEqual([]);
  store.waiting[1]?.finish();
  await Promise.all([first, second]);
  expect(store.saved).toEqual([['web'], ['web', 'db']]);
});

test('what could not be saved is saved the next time', async () => {
  const store = new SlowStore();
  const keeper = new MemoryKeeper(store, clock);
  keeper.remember('web', { startedAt: 1 });
  const failing = keeper.flush();
  await turn();
  store.waiting[0]?.fail(new Error('disk full'));
  await expect(failing).rejects.toThrow('disk full');
  const again = keeper.flush();
  await turn();
  store.waiting[1]?.finish();
  await again;
  expect(store.saved).toEqual([['web']]);
});
