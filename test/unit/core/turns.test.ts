import { expect, test } from '@jest/globals';
import { Turns } from '../../../src/core/turns.ts';

test('one after the other, also after one that failed', async () => {
  const turns = new Turns();
  const events: string[] = [];
  const first = Promise.withResolvers<undefined>();
  const one = turns.take(async () => {
    events.push('one begins');
    await first.promise;
  });
  const two = turns.take(async () => {
    events.push('two begins');
    return 2;
  });
  await Promise.resolve();
  first.reject(new Error('no'));
  await expect(one).rejects.toThrow('no');
  expect(await two).toBe(2);
  expect(events).toEqual(['one begins', 'two begins']);
});

test('over, when the last one is', async () => {
  const turns = new Turns();
  const events: string[] = [];
  void turns.take(async () => void events.push('done'));
  await turns.over();
  expect(events).toEqual(['done']);
});
