import { join } from 'node:path';

/**
 * What has a schema, by its name in the state directory: a release with a higher one migrates a copy of these. All else there is
 * shared by the releases and of forms that only grow: what must never go back (`os.json`, `updates.json`, `releases/`,
 * `first-apply.json`, `machine-id`), what belongs to the engines' data, and contents that are named by their digests.
 */
export const agentData: readonly string[] = ['generations', 'ledger', 'memory.json', 'overlay.json', 'datasource.json'];

/** Where the data of a schema is. The first one is where there was none else yet. Pure. */
export function dataPath(stateDirectory: string, schema: number): string {
  return schema === 1 ? stateDirectory : join(copiesPath(stateDirectory), String(schema));
}

/** Where data of later schemas is. Pure. */
export function copiesPath(stateDirectory: string): string {
  return join(stateDirectory, 'state');
}
