import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseNetworkDocument } from '../../../src/config/network/network-document.ts';
import { BerthError } from '../../../src/core/errors.ts';
import { findSeed, type SeedOutcome } from '../../../src/datasource/find-seed.ts';
import type { HostFacts } from '../../../src/datasource/host-facts.ts';
import type { NetworkText } from '../../../src/datasource/seed-documents.ts';
import type { MetadataServices, SeedPorts } from '../../../src/datasource/seed-ports.ts';
import { datasources } from '../../../src/datasource/table.ts';
import { noFacts } from '../../support/no-facts.ts';

/*
 * One folder a case: facts.json (what the host tells; what is left out is not there), `device/` (files of the seed disk),
 * `root/` (files of the host), `guest/` (values that the hypervisor has), `web/` (HOST/PATH of what a server has), and
 * expected.json. UPDATE_GOLDEN=1 rewrites the last.
 */
const fixtures = join(import.meta.dirname, 'fixtures');

/** A document below which there are others is the file `index` there. */
function read(path: string): Uint8Array | undefined {
  const file = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? join(path, 'index') : path;
  return existsSync(file) ? new Uint8Array(readFileSync(file)) : undefined;
}

/** A metadata service's answer is the file of its URL; a question to a host without a folder gets none. */
function metadataOf(folder: string, asked: string[]): MetadataServices {
  return {
    surroundings: async () => ({ links: ['eth0'], gateways: ['192.0.2.1'] }),
    ask: async ({ method, url, isPrivileged }) => {
      const [, host = '', path = ''] = /^https?:\/\/([^/]+)\/(.*)$/.exec(url) ?? [];
      if (!existsSync(join(folder, 'web', host)))
        throw new BerthError('DATASOURCE_UNREACHABLE', `${host} does not answer`, { retryable: true });
      asked.push(`${method} ${host}/${path}${isPrivileged === true ? ' from a privileged port' : ''}`);
      const body = read(join(folder, 'web', host, path));
      return body === undefined ? { status: 404, body: new Uint8Array() } : { status: 200, body };
    },
    pause: async () => Promise.reject(new Error('it would wait')),
    limit: () => new AbortController().signal,
  };
}

/** The ports of a host whose seed is in a folder; `network` holds what the network was asked for. */
function portsOf(folder: string, network: (NetworkText | null)[], asked: string[]): SeedPorts {
  return {
    metadata: metadataOf(folder, asked),
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
    guest: {
      read: async (name) => {
        const bytes = read(join(folder, 'guest', name));
        return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
      },
    },
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
  const asked: string[] = [];
  const outcome = await findSeed(facts, portsOf(folder, network, asked), new AbortController().signal);
  const questions = asked.length === 0 ? undefined : asked;
  const actual = JSON.parse(JSON.stringify({ ...shown(outcome), network, asked: questions })) as unknown;
  const golden = join(folder, 'expected.json');
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, `${JSON.stringify(actual, null, 2)}\n`);
  expect(actual).toEqual(JSON.parse(readFileSync(golden, 'utf8')));
});

test('every datasource has a case', () => {
  const found = readdirSync(fixtures).map((name) => {
    const expected = readFileSync(join(fixtures, name, 'expected.json'), 'utf8');
    return (JSON.parse(expected) as { id?: string }).id;
  });
  expect(datasources.map(({ id }) => id).filter((id) => !found.includes(id))).toEqual([]);
});

describe('the network of a place', () => {
  const given = readdirSync(fixtures).flatMap((name) => {
    const { networkConfig } = JSON.parse(readFileSync(join(fixtures, name, 'expected.json'), 'utf8')) as {
      networkConfig?: NetworkText;
    };
    return networkConfig === undefined ? [] : [[name, networkConfig] as const];
  });

  test.each(given)('%s is one that this host understands', (_name, network) => {
    const { diagnostics, network: read } = parseNetworkDocument({ file: 'network', ...network });
    expect(diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
    expect(read).toBeDefined();
  });
});
