import { reapOwned } from './reap.ts';

/** Jest's global tear-down of the `vm` project: no VM outlives the run. */
export default async function tearDown(): Promise<void> {
  await reapOwned();
}
