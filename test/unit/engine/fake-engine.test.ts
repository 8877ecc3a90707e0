import { containerEngineContract } from '../../contract/container-engine.ts';
import { FakeEngine } from '../../fakes/fake-engine.ts';

containerEngineContract('The engine in memory', () => {
  const engine = new FakeEngine();
  engine.images.set('web:1', 'sha256:1');
  return Promise.resolve({ engine, image: 'web:1' });
});
