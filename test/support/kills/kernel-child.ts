import { createHash } from 'node:crypto';
import { keptConnections } from '../../../src/update/transfer/http-agents.ts';
import { HttpSource } from '../../../src/update/transfer/http-source.ts';
import { fetchKernel } from '../../../src/update/transfer/kernel.ts';

/** A process that fetches a kernel image whole, as an agent does. Arguments: the URL, where parts are kept, digest and bytes. */

const [url = '', partDirectory = '', sha256 = '', bytes = ''] = process.argv.slice(2);
const clock = { now: () => Date.now(), sleep: async () => undefined };
const { content } = await fetchKernel({
  source: new HttpSource({ url, agents: keptConnections({}), clock, random: () => 0 }),
  manifest: { uki: { name: 'berth_2.efi', sha256, bytes: Number(bytes) }, artifacts: [] },
  partDirectory,
  signal: new AbortController().signal,
});
process.stdout.write(createHash('sha256').update(content).digest('hex'));
process.exit(0);
