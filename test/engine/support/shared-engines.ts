import { DockerEngine } from '../../../src/engine/docker.ts';
import type { EngineVersion } from './engine-versions.ts';
import { type PrivateEngine, privateEngine } from './private-engine.ts';

/** Both versions, for `describe.each`. */
export const engineVersions: readonly EngineVersion[] = ['20.10', '26.1'];

/** An engine that lives for the whole test run. Clean up what you make on it; a suite that kills engines starts its own. */
export interface SharedEngine {
  readonly version: EngineVersion;
  readonly socket: string;
  readonly stateDir: string;
  readonly engine: DockerEngine;
}

const variables: Readonly<Record<EngineVersion, string>> = {
  '20.10': 'BERTH_TEST_ENGINE_20_10',
  '26.1': 'BERTH_TEST_ENGINE_26_1',
};

/** Connects to the shared engine of a version, which the engine project's global set-up started. */
export function sharedEngine(version: EngineVersion): SharedEngine {
  const [socket, stateDir] = (process.env[variables[version]] ?? '').split('|');
  if (socket === undefined || stateDir === undefined)
    throw new Error('run this with the jest project "engine": its global set-up starts the engines');
  return { version, socket, stateDir, engine: DockerEngine.connect(socket) };
}

/** Starts the shared engines and tells the test files where they are. */
export async function startSharedEngines(): Promise<PrivateEngine[]> {
  // One after the other: the start of one flushes the other's chains, which must not happen half way through.
  const engines: PrivateEngine[] = [];
  for (const version of engineVersions) {
    const started = await privateEngine({ version, name: `shared${version.replace('.', '')}` });
    process.env[variables[version]] = `${started.socket}|${started.stateDir}`;
    engines.push(started);
  }
  return engines;
}
