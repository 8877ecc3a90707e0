import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findSeed, type SeedOutcome } from '../../../src/datasource/find-seed.ts';
import type { HostFacts } from '../../../src/datasource/host-facts.ts';
import type { NetworkText } from '../../../src/datasource/seed-documents.ts';
import type { SeedPorts } from '../../../src/datasource/seed-ports.ts';

/*
 * One folder a case: facts.json (what the host tells; what is left out is not there), `device/` (files of the seed disk),
 * `root/` (files of the host), `web/` (HOST/PATH of what a server has), and expected.json. UPDATE_GOLDEN=1 rewrites the last.
 */
const fixtures = join(import.meta.dirname, 'fixtures');
const noFacts: HostFacts = { dmi: {}, oemStrings: [], cmdline: '', fwCfg: [], blockDevices: [], seedFiles: [] };

function read(path: string): Uint8Array | undefined {
  return existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined;
}

/** The ports of a host whose seed is in a folder; `network` holds what the network was asked for. */
function portsOf(folder: string, network: (NetworkText | null)[]): SeedPorts {
  return {
    devices: {
      read: async (_device, paths) =>
        new Map(
          paths.flatMap((path) => {
            const bytes = read(join(folder, 'device', path));
            return bytes === undefined ? [] : [[path, bytes]];
          }),
        ),
    },
    files: { read: async (path) => read(join(folder, 'root', path)) },
    fetcher: {
      get: async (url) => {
        if (network.length === 0) throw new Error('there is no network yet');
        return read(join(folder, 'web', url.replace(/^https?:\/\/([^@/]*@)?/, '')));
      },
    },
    network: async (config) => void network.push(config ?? null),
  };
}

function shown(outcome: SeedOutcome): object {
  if (outcome.kind !== 'found') return outcome;
  const { userData, vendorData, ...rest } = outcome.result;
  const text = (bytes: Uint8Array | undefined): string | undefined =>
    bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  return { kind: 'found', ...rest, userData: text(userData), vendorData: text(vendorData) };
}

test.each(readdirSync(fixtures))('%s', async (name) => {
  const folder = join(fixtures, name);
  const facts = { ...noFacts, ...(JSON.parse(readFileSync(join(folder, 'facts.json'), 'utf8')) as Partial<HostFacts>) };
  const network: (NetworkText | null)[] = [];
  const outcome = await findSeed(facts, portsOf(folder, network), new AbortController().signal);
  const actual = JSON.parse(JSON.stringify({ ...shown(outcome), network })) as unknown;
  const golden = join(folder, 'expected.json');
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, `${JSON.stringify(actual, null, 2)}\n`);
  expect(actual).toEqual(JSON.parse(readFileSync(golden, 'utf8')));
});
