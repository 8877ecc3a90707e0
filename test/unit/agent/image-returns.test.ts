import { expect, test } from '@jest/globals';
import { imageReturns } from '../../../src/agent/image-returns.ts';
import { desiredServices } from '../../../src/services/desired.ts';
import { configOf, context } from '../../support/simulate.ts';

test('a generation’s services get back the images that they ran on, unless they had gone back, or name one by its digest', () => {
  const desired = desiredServices(
    configOf({
      web: { image: 'docker.io/library/web' },
      failed: { image: 'failed:2' },
      fixed: { image: 'fixed@sha256:abc' },
      idle: { image: 'idle:1' },
    }),
    context,
  );
  const images = { web: 'sha256:1', failed: 'sha256:2', fixed: 'sha256:3', gone: 'sha256:4' };
  expect(imageReturns({ number: 7, images, rolledBack: { failed: 'unhealthy' } }, desired)).toEqual({
    web: { reference: 'web:latest', imageId: 'sha256:1', generation: 7 },
  });
});
