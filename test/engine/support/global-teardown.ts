import { reapOwned } from './private-engine.ts';

/** Jest's global tear-down of the `engine` project: no engine of this run is left, whatever the tests did. */
export default async function tearDown(): Promise<void> {
  await reapOwned();
}
