import type { ContainerConfig } from '../../src/engine/container-engine.ts';
import { plainContainer as plain } from '../../src/engine/plain-container.ts';

/** Everything that the contract suite makes has it. */
export const contractLabel = 'berth.test.contract';

/** A container that does nothing special. */
export function plainContainer(image: string, changes: Partial<ContainerConfig> = {}): ContainerConfig {
  return plain(image, { labels: { [contractLabel]: 'yes' }, ...changes });
}
