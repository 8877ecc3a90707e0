import { beforeEach, expect, test } from '@jest/globals';
import { plainContainer } from '../../../src/engine/plain-container.ts';
import { Lookout } from '../../../src/services/lookout.ts';
import { label } from '../../../src/services/names.ts';
import { FakeEngine } from '../../fakes/fake-engine.ts';

const signal = new AbortController().signal;

/** Writes down what is listed. */
class CountingEngine extends FakeEngine {
  readonly lists: (string | readonly string[])[] = [];

  override listContainers(labels: string | readonly string[]) {
    this.lists.push(labels);
    return super.listContainers(labels);
  }
}

let engine: CountingEngine;
let lookout: Lookout;
let isBusy: ReadonlyMap<string, string>;

beforeEach(async () => {
  engine = new CountingEngine();
  engine.images.set('a:latest', 'sha256:a');
  isBusy = new Map();
  for (const name of ['web', 'db']) {
    const labels = { [label.instance]: 'berth', [label.service]: name };
    await engine.startContainer(await engine.createContainer(name, plainContainer('a:latest', { labels })));
  }
  lookout = new Lookout({
    instance: 'berth',
    engines: [{ name: 'user', engine }],
    recorder: { record: () => undefined },
    clock: { now: () => 0, sleep: () => new Promise(() => undefined) },
    busy: () => isBusy,
    onEngine: () => undefined,
    onResources: () => undefined,
    onContainer: () => undefined,
  });
});

const all = `${label.instance}=berth`;
const statesIn = async (): Promise<string[]> => {
  const { observed } = await lookout.freshLook(signal);
  return (observed.engines.user?.containers ?? []).map(({ service, state }) => `${service} ${state}`).toSorted();
};

test('after a change of one service, only that one is listed, and the others are as they were', async () => {
  await lookout.look();
  await engine.stopContainer('web');
  lookout.outdate('web');
  expect(await statesIn()).toEqual(['db running', 'web exited']);
  expect(engine.lists).toEqual([all, [all, `${label.service}=web`]]);
});

test('a change that came during a look is looked at again', async () => {
  const looking = lookout.look();
  lookout.outdate('web');
  await looking;
  await engine.stopContainer('web');
  expect(await statesIn()).toEqual(['db running', 'web exited']);
});

test.each([
  ['nothing is known to have changed', () => undefined],
  ['anything may have changed', () => lookout.outdateAll('user')],
  ['much has changed', () => ['a', 'b', 'c', 'd', 'e'].forEach((name) => lookout.outdate(name))],
])('everything is listed when %s', async (_what, change) => {
  await lookout.look();
  change();
  await statesIn();
  expect(engine.lists).toEqual([all, all]);
});

test('an engine that did not answer is listed whole when it is back', async () => {
  engine.isUp = false;
  await lookout.look();
  engine.isUp = true;
  lookout.outdate('web');
  expect(await statesIn()).toEqual(['db running', 'web running']);
});
