import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { emptyHostConfig, type UserConfig } from '../../../../src/config/host-config.ts';
import { loadCatalogue } from '../../../../src/services/catalogue/load.ts';
import { resolveCatalogueService } from '../../../../src/services/catalogue/resolve.ts';
import { type CatalogueContext, catalogueVariables } from '../../../../src/services/catalogue/variables.ts';

const directory = join(import.meta.dirname, '../../../../system-containers');
const catalogue = await loadCatalogue(directory);
const context: CatalogueContext = {
  mode: 'host',
  sockets: {
    agent: '/run/berth/api/berth.sock',
    user: '/run/berth/user/docker.sock',
    containerd: '/run/berth/system/containerd.sock',
  },
  userEngine: { root: '/var/lib/berth/user-engine', run: '/run/berth/user' },
  program: { node: '/usr/bin/node', directory: '/usr/lib/berth', main: 'berth.js' },
};
const hash = '$6$salt$0123456789abcdef';
const user: UserConfig = {
  name: 'ops',
  groups: [],
  createHome: true,
  system: false,
  passwordHash: hash,
  lockPassword: false,
  sudo: [],
  sshAuthorizedKeys: ['ssh-ed25519 A'],
};
const variables = catalogueVariables({ ...emptyHostConfig, users: [user] }, context);
const rows = [...catalogue.keys()].flatMap((name) => (['host', 'local'] as const).map((mode) => ({ name, mode })));

test('the catalogue has every folder with a service', () => {
  expect([...catalogue.keys()]).toEqual(['console', 'docker', 'node-exporter', 'ntp', 'syslog']);
});

describe.each(rows)('$name ($mode)', ({ name, mode }) => {
  const entry = catalogue.get(name);
  if (entry === undefined) throw new Error(name);
  const { model, problems } = resolveCatalogueService(entry, variables, mode);
  const service = model.services[name];

  test('resolves without a complaint', () => {
    expect(problems).toEqual([]);
    expect(service).toBeDefined();
  });

  test('runs the image its recipe makes, on the system engine, without pulling', async () => {
    const { version } = parse(await readFile(join(directory, name, 'recipe.yaml'), 'utf8')) as { version: string };
    expect(service).toMatchObject({
      image: `berth/${name}:${version}`,
      pull_policy: 'never',
      'x-berth': { engine: 'system' },
    });
  });

  test('says when it is healthy', () => {
    expect(service?.healthcheck?.test?.[0]).toBe('CMD');
  });

  test('is not privileged, and has a read-only root', () => {
    expect(service).toMatchObject({ read_only: true });
    expect(service?.privileged ?? false).toBe(false);
  });

  test('has no secret in its environment, command or configs', () => {
    expect(JSON.stringify([model.services, model.configs])).not.toContain(hash);
  });
});

test('the ntp service has no capability on somebody’s own machine, and may set the clock on a host of ours', () => {
  const entry = catalogue.get('ntp');
  if (entry === undefined) throw new Error('ntp');
  const rightsIn = (mode: 'host' | 'local') => resolveCatalogueService(entry, variables, mode).model.services['ntp'];
  expect(rightsIn('host')).toMatchObject({ cap_drop: ['ALL'], cap_add: ['SYS_TIME'], command: ['-u', 'root'] });
  expect(rightsIn('local')).toMatchObject({ cap_drop: ['ALL'], command: ['-u', 'root', '-x'] });
  expect(rightsIn('local')?.cap_add).toBeUndefined();
});
