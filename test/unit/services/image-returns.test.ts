import { describe, expect, test } from '@jest/globals';
import { endedReturns, isMovable, lostReturn, returnState } from '../../../src/services/image-returns.ts';
import type { ImageReturn } from '../../../src/services/model.ts';
import { configOf, SimulatedHost } from '../../support/simulate.ts';

const wish: ImageReturn = { reference: 'shop:1', imageId: 'sha256:before', generation: 3 };

/** A host on which the service runs on what its reference means now, and which is to go back to an image that has no name. */
async function returningHost(): Promise<SimulatedHost> {
  const host = new SimulatedHost();
  host.declare(configOf({ shop: { image: 'shop:1', network_mode: 'host' } }));
  await host.converge();
  host.user.unnamed.add(wish.imageId);
  host.remember('shop', { imageReturn: wish });
  return host;
}

describe('a reference gets the image back that it stood for', () => {
  test('the service is replaced once it has, and the plan says both before', async () => {
    const host = await returningHost();
    expect((await host.plan()).steps).toMatchObject([
      {
        id: 'return-image:shop',
        summary: 'have shop:1 mean sha256:before again',
        reason: { kind: 'image', reference: 'shop:1', detail: 'meant sha256:before in generation 3' },
        cost: 'live',
      },
      {
        id: 'replace-service:shop',
        after: ['return-image:shop'],
        reason: { kind: 'image', detail: 'now means sha256:before' },
      },
    ]);
    const done = await host.converge();
    expect(done.map(({ id }) => id)).toEqual(['return-image:shop', 'replace-service:shop']);
    expect(host.user.images.get('shop:1')).toBe(wish.imageId);
    const running = [...host.user.containers.values()].filter(({ state }) => state === 'running');
    expect(running.map(({ imageId }) => imageId)).toEqual([wish.imageId]);
    expect(host.memory['shop']).not.toMatchObject({ imageReturn: wish });
  });

  test('moved again after that, the reference is left alone', async () => {
    const host = await returningHost();
    await host.converge();
    await host.user.tagImage('sha256:shop:1', 'shop:1');
    expect((await host.converge()).map(({ id }) => id)).toContain('replace-service:shop');
    expect(host.user.images.get('shop:1')).toBe('sha256:shop:1');
  });

  test('an engine that does not answer yet is waited for', async () => {
    const host = await returningHost();
    host.user.isUp = false;
    expect((await host.plan()).steps).toEqual([]);
    host.user.isUp = true;
    expect((await host.converge()).map(({ id }) => id)).toContain('return-image:shop');
  });

  test('an image that is gone is told of, and what the reference means now is used', async () => {
    const host = await returningHost();
    host.user.unnamed.clear();
    expect((await host.plan()).steps).toEqual([]);
    const { observed } = await host.look();
    const ended = endedReturns(host.desired, observed, host.memory);
    expect(ended).toMatchObject([{ wish, isLost: true }]);
    expect(lostReturn(ended[0]!, 5)).toMatchObject({
      ...{ at: 5, kind: 'return-image', subject: 'service/shop', outcome: 'failed' },
      error: 'that image is not on the user engine any more: what shop:1 means now is used',
    });
  });
});

test.each<[string, string, ReadonlyMap<string, string>, string]>([
  ['the service has another reference now', 'shop:2', new Map([['sha256:before', 'sha256:before']]), 'none'],
  ['the name is written in another way', 'docker.io/library/shop:1', new Map([['sha256:before', 'x']]), 'due'],
  ['it stands for that image', 'shop:1', new Map([['shop:1', 'sha256:before']]), 'done'],
  ['nothing has the name any more', 'shop:1', new Map([['sha256:before', 'sha256:before']]), 'due'],
  ['the image is gone', 'shop:1', new Map([['shop:1', 'sha256:now']]), 'lost'],
])('%s: %s', (_what, image, images, state) => {
  const host = new SimulatedHost();
  host.declare(configOf({ shop: { image } }));
  expect(returnState(host.desired.services.get('shop')!, wish, images)).toBe(state);
});

test.each([
  ['shop', true],
  ['registry.example:5000/shop:1', true],
  ['shop@sha256:abc', false],
  ['sha256:abc', false],
])('the name %s can be given to another image: %s', (reference, isIt) => {
  expect(isMovable(reference)).toBe(isIt);
});
