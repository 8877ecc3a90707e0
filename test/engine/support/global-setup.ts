import { startSharedEngines } from './shared-engines.ts';

/** Jest's global set-up of the `engine` project: needs root; fetches what the machine lacks. */
export default async function setUp(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('the engine tests start real engines: run them as root');
  await startSharedEngines();
}
