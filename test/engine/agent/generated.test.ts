import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseConfig } from '../../../src/config/parse.ts';
import { desiredServices } from '../../../src/services/desired.ts';
import { label } from '../../../src/services/names.ts';
import { settledStates } from '../../../src/services/status.ts';
import { configTexts } from '../../support/generated-config.ts';
import { context } from '../../support/simulate.ts';
import { TestAgent } from '../support/agent-process.ts';
import { untilQuiet } from '../support/killed-converge.ts';
import { sharedEngine } from '../support/shared-engines.ts';
import { archiveOf, buildImage } from '../support/test-image.ts';

const image = 'berth-test/generated';
const texts = configTexts({ image, tags: ['1', '2'], maximumServices: 4, everything: false });

describe.each([
  { version: '26.1' as const, count: 44, seed: 26_01 },
  { version: '20.10' as const, count: 10, seed: 20_10 },
])('$count generated configs, one over the other, on Docker $version', ({ version, count, seed }) => {
  const { engine, socket } = sharedEngine(version);
  let agent: TestAgent;

  beforeAll(async () => {
    for (const tag of ['1', '2']) await engine.loadImage(archiveOf(await buildImage({ tag }), `${image}:${tag}`));
    agent = await TestAgent.start({ engineSocket: socket, instance: `generated${version.replace('.', '')}` });
  });
  afterAll(async () => agent.dispose(engine));

  test('each converges: the plan is empty, every state is settled, every container is there and no other', async () => {
    const mine = `${label.instance}=${agent.instance}`;
    for (const [index, text] of fc.sample(texts, { seed, numRuns: count }).entries()) {
      const { result } = await agent.apply(text.replace('#cloud-config\n', ''));
      expect([index, result.outcome, result.services.filter(({ state }) => !settledStates.has(state))]).toEqual([
        index,
        'converged',
        [],
      ]);
      const { config } = parseConfig([{ file: 'generated.yaml', text }]);
      const desired = desiredServices(config, { ...context, instance: agent.instance });
      await untilQuiet(engine, agent, text.replace('#cloud-config\n', ''));
      const containers = await engine.listContainers(mine);
      expect([index, containers.map(({ name }) => name).sort()]).toEqual([
        index,
        [...desired.services.values()].map(({ containerName }) => containerName).sort(),
      ]);
      expect([index, (await engine.listNetworks(mine)).map(({ name }) => name).sort()]).toEqual([
        index,
        desired.networks.map(({ name }) => name).sort(),
      ]);
    }
  }, 240_000);
});
