import { describe, expect, test } from '@jest/globals';
import { emptyHostConfig, type HostConfig } from '../../../../src/config/host-config.ts';
import { type CatalogueContext, catalogueVariables } from '../../../../src/services/catalogue/variables.ts';

const host: CatalogueContext = {
  mode: 'host',
  sockets: {
    agent: '/run/berth/api/berth.sock',
    user: '/run/berth/user/docker.sock',
    containerd: '/run/berth/system/containerd.sock',
  },
  userEngine: { root: '/var/lib/berth/user-engine', run: '/run/berth/user' },
  program: { node: '/usr/bin/node', directory: '/usr/lib/berth', main: 'berth.js' },
};
const local: CatalogueContext = { ...host, mode: 'local' };
const variables = (config: Partial<HostConfig>, context: CatalogueContext = host) =>
  catalogueVariables({ ...emptyHostConfig, ...config }, context);
const daemonConfig = (config: Partial<HostConfig>, context: CatalogueContext = host) =>
  JSON.parse(variables(config, context)['BERTH_USER_ENGINE_CONFIG'] ?? '') as Record<string, unknown>;

describe('time', () => {
  test.each([
    {
      rule: 'declared servers and pools',
      time: { servers: ['a'], pools: ['b'] },
      sources: 'server a iburst\npool b iburst\n',
    },
    {
      rule: 'Debian’s pool when none is declared',
      time: { servers: [], pools: [] },
      sources: 'pool 2.debian.pool.ntp.org iburst\n',
    },
  ])('$rule', ({ time, sources }) => {
    expect(variables({ time })['BERTH_NTP_SOURCES']).toBe(sources);
  });
});

describe('the user engine', () => {
  test('what Berth depends on cannot be changed, the rest can', () => {
    const engines = {
      ...emptyHostConfig.engines,
      user: { logDriver: 'syslog', logOptions: {}, daemon: { debug: true, 'data-root': '/elsewhere' } },
    };
    expect(daemonConfig({ engines })).toMatchObject({
      debug: true,
      'log-driver': 'syslog',
      'data-root': '/var/lib/berth/user-engine',
      'live-restore': true,
      hosts: [
        'unix:///run/berth/user/docker.sock',
        'unix:///run/berth/user/console/docker.sock',
        'unix:///run/docker.sock',
      ],
    });
  });

  test('name servers, proxies and registries of the host are the engine’s', () => {
    const connectivity = {
      dns: { servers: ['10.0.0.1'], search: ['lan'], options: [] },
      proxy: { http: 'http://proxy:3128', noProxy: ['lan', '10.0.0.0/8'] },
      caCertificates: [],
      registries: {
        'docker.io': { mirrors: ['https://mirror'], insecure: false },
        'old:5000': { mirrors: [], insecure: true },
      },
    };
    expect(daemonConfig({ connectivity })).toMatchObject({
      dns: ['10.0.0.1'],
      'dns-search': ['lan'],
      proxies: { 'http-proxy': 'http://proxy:3128', 'no-proxy': 'lan,10.0.0.0/8' },
      'registry-mirrors': ['https://mirror'],
      'insecure-registries': ['old:5000'],
    });
  });

  test('on somebody’s own machine it has a bridge of its own', () => {
    expect(daemonConfig({}, local)).toMatchObject({ bridge: 'berth0' });
    expect(daemonConfig({}, host)).not.toHaveProperty('bridge');
  });
});

describe('places', () => {
  test.each([
    {
      rule: 'our own engine has a second socket for the console',
      user: '/run/berth/user/docker.sock',
      mount: '/run/berth/user/console',
    },
    {
      rule: 'another engine’s socket in a shared directory is mounted by itself',
      user: '/var/run/docker.sock',
      mount: '/var/run/docker.sock',
    },
    {
      rule: 'one with a directory of its own is reached through that',
      user: '/srv/engine/docker.sock',
      mount: '/srv/engine',
    },
  ])('$rule', ({ user, mount }) => {
    const context = { ...host, sockets: { ...host.sockets, user } };
    expect(variables({}, context)['BERTH_CONSOLE_ENGINE_SOCKET_MOUNT']).toBe(mount);
  });

  test('on somebody’s own machine the directory with Berth’s state is not given to the engine', () => {
    expect(variables({}, local)).toMatchObject({
      BERTH_HOST_VAR: '/var/lib/berth/user-engine/empty',
      BERTH_HOST_HOME: '/home',
      BERTH_HOST_RUN: '/run',
    });
    expect(variables({}, host)).toMatchObject({ BERTH_HOST_VAR: '/var' });
  });
});
