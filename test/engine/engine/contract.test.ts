import { containerEngineContract } from '../../contract/container-engine.ts';
import { engineVersions, sharedEngine } from '../support/shared-engines.ts';
import { testImage } from '../support/test-image.ts';

for (const version of engineVersions) {
  containerEngineContract(`Docker ${version}`, async () => {
    const { engine } = sharedEngine(version);
    return { engine, image: await testImage(engine) };
  });
}
