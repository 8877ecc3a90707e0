import { expect, test } from '@jest/globals';
import { parseConfig } from '../../../src/config/parse.ts';
import { desiredServices } from '../../../src/services/desired.ts';
import { type ImageArchive, StepExecutor } from '../../../src/services/executor.ts';
import type { StepOf } from '../../../src/services/steps.ts';
import { FakeEngine } from '../../fakes/fake-engine.ts';
import { context } from '../../support/simulate.ts';

/** Pulls the image of a service that is in no archive of the host, from a registry that does not have it either. */
async function pull(archive: ImageArchive): Promise<void> {
  const text = '#cloud-config\nberth: {services: {web: {image: "web:1"}}}\n';
  const { config } = parseConfig([{ file: 'web.yaml', text }]);
  const service = desiredServices(config, context).services.get('web');
  if (service === undefined) throw new Error('no service');
  const engine = new FakeEngine();
  const executor = new StepExecutor({
    instance: 'berth',
    engineOf: () => engine,
    images: { authFor: () => undefined, archiveOf: async () => Promise.resolve(archive) },
    clock: { now: () => 0, sleep: async () => new Promise(() => undefined) },
  });
  const step = { kind: 'pull-image', service, engine: 'user', id: 'pull-image:web' };
  await executor.run(step as unknown as StepOf<'pull-image'>, new AbortController().signal);
}

test.each([
  ['why no archive served', ['/run/berth/media/a.tar: it expired'], '; /run/berth/media/a.tar: it expired'],
  ['nothing more where there is none', [], ''],
])('an image that its registry does not give says %s', async (_, problems, more) => {
  await expect(pull({ kind: 'none', problems })).rejects.toMatchObject({
    ...{ code: 'IMAGE_PULL_FAILED', retryable: true },
    message: `pull of web:1: not found${more}`,
  });
});
