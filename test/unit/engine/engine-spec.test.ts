import { describe, expect, test } from '@jest/globals';
import { defaultEngineOptions, emptyHostConfig } from '../../../src/config/host-config.ts';
import { backoffMs } from '../../../src/core/backoff.ts';
import { daemonConfig } from '../../../src/engine/daemon-config.ts';
import {
  containerdArguments,
  daemonFile,
  dockerdArguments,
  type EngineSpec,
  engineEnvironment,
  enginePaths,
} from '../../../src/engine/engine-spec.ts';

const binaries = {
  dockerd: '/d',
  containerd: '/c',
  runc: '/r',
  path: '/cache/sbin',
  libraryPath: '',
  version: '20.10',
};
const user: EngineSpec = { role: 'user', stateDir: '/state', binaries, config: {}, containerd: { kind: 'own' } };
const connectivity = emptyHostConfig.connectivity;

describe('daemonFile', () => {
  const crun = { crun: { path: '/bin/crun' } };

  test.each([
    { name: 'without a crun, what the config says', has: binaries, config: { a: 1 }, file: { a: 1 } },
    {
      name: 'with one, it runs what asks for nothing else',
      has: { ...binaries, crun: '/bin/crun' },
      config: { a: 1 },
      file: { a: 1, 'default-runtime': 'crun', runtimes: crun },
    },
    {
      name: 'a config may choose another, and have more',
      has: { ...binaries, crun: '/bin/crun' },
      config: { 'default-runtime': 'runc', runtimes: { kata: { path: '/k' } } },
      file: { 'default-runtime': 'runc', runtimes: { ...crun, kata: { path: '/k' } } },
    },
  ])('$name', ({ has, config, file }) => {
    expect(daemonFile({ binaries: has, config })).toEqual(file);
  });
});

describe('dockerdArguments', () => {
  test('everything of an engine is below its state directory', () => {
    for (const argument of dockerdArguments(user).filter((one) => one.includes('/')))
      expect(argument).toMatch(/=(unix:\/\/)?\/state\//);
    for (const argument of containerdArguments(user).filter((one) => one.includes('/')))
      expect(argument).toMatch(/=\/state\//);
  });

  test('only the system engine has neither bridge nor iptables, and leaves forwarding alone', () => {
    const quiet = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'];
    expect(dockerdArguments({ ...user, role: 'system' })).toEqual(expect.arrayContaining(quiet));
    for (const argument of quiet) expect(dockerdArguments(user)).not.toContain(argument);
  });

  test('a system engine may have an empty bridge instead: for none, dockerd deletes docker0', () => {
    expect(dockerdArguments({ ...user, role: 'system', bridge: 'own0' })).toContain('--bridge=own0');
  });

  test('on a shared containerd it keeps to its own namespace', () => {
    const containerd = { kind: 'shared', socket: '/run/c.sock', namespace: 'user' } as const;
    expect(dockerdArguments({ ...user, containerd })).toEqual(
      expect.arrayContaining([
        '--containerd=/run/c.sock',
        '--containerd-namespace=user',
        '--containerd-plugins-namespace=user-plugins',
      ]),
    );
  });

  test('a socket may be elsewhere', () => {
    expect(dockerdArguments({ ...user, runDir: '/run/x', socket: '/run/x/d.sock' })).toEqual(
      expect.arrayContaining(['--host=unix:///run/x/d.sock', '--exec-root=/run/x/exec']),
    );
  });

  test.each([
    { length: 107, fits: true },
    { length: 108, fits: false },
  ])('a socket path of $length bytes: fits is $fits', ({ length, fits }) => {
    const paths = () => enginePaths({ ...user, socket: `/${'s'.repeat(length - 1)}` });
    if (fits) expect(paths).not.toThrow();
    else
      expect(paths).toThrow(expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('108 bytes') }));
  });
});

describe('engineEnvironment', () => {
  test('finds its own programs first, and hears nothing of what is ours', () => {
    const environment = engineEnvironment(
      { binaries },
      { PATH: '/bin', NODE_OPTIONS: '--x', DOCKER_HOST: 'y', LANG: 'C' },
    );
    expect(environment['PATH']).toMatch(/^\/cache\/sbin:\/bin:/);
    expect(environment).toMatchObject({ LANG: 'C' });
    for (const name of ['NODE_OPTIONS', 'DOCKER_HOST', 'LD_LIBRARY_PATH', 'HTTP_PROXY', 'NO_PROXY', 'SSL_CERT_FILE'])
      expect(environment).not.toHaveProperty(name);
  });

  test('has the declared proxies and libraries', () => {
    const proxy = { http: 'http://p:1', https: 'http://p:2', noProxy: ['a', '.b'] };
    expect(engineEnvironment({ binaries: { ...binaries, libraryPath: '/l' }, proxy }, {})).toMatchObject({
      HTTP_PROXY: 'http://p:1',
      HTTPS_PROXY: 'http://p:2',
      NO_PROXY: 'a,.b',
      LD_LIBRARY_PATH: '/l',
    });
    expect(engineEnvironment({ binaries }, {}, '/ca.pem')).toMatchObject({ SSL_CERT_FILE: '/ca.pem' });
  });
});

describe('daemonConfig', () => {
  test('by default: live-restore and bounded logs, nothing else', () => {
    expect(daemonConfig(defaultEngineOptions, connectivity)).toEqual({
      'live-restore': true,
      'log-driver': 'local',
      'log-opts': { 'max-size': '10m', 'max-file': '3' },
    });
  });

  test('registries and resolvers as declared', () => {
    const declared = {
      ...connectivity,
      dns: { servers: ['10.0.0.1'], search: ['lan'], options: ['ndots:1'] },
      registries: {
        'docker.io': { mirrors: ['mirror.lan', 'http://plain.lan:5000'], insecure: false },
        'old.lan:5000': { mirrors: ['x'], insecure: true },
      },
    };
    expect(daemonConfig(defaultEngineOptions, declared)).toMatchObject({
      'registry-mirrors': ['https://mirror.lan', 'http://plain.lan:5000'],
      'insecure-registries': ['old.lan:5000'],
      dns: ['10.0.0.1'],
      'dns-search': ['lan'],
      'dns-opts': ['ndots:1'],
    });
  });

  test('extra keys add and win', () => {
    const options = { ...defaultEngineOptions, daemon: { debug: true, 'log-driver': 'syslog' } };
    expect(daemonConfig(options, connectivity)).toMatchObject({ debug: true, 'log-driver': 'syslog' });
  });

  test.each([
    { role: 'user', key: 'hosts' },
    { role: 'user', key: 'data-root' },
    { role: 'system', key: 'hosts' },
    { role: 'system', key: 'iptables' },
    { role: 'system', key: 'live-restore' },
  ] as const)('$key is ours to set for the $role engine', ({ role, key }) => {
    const options = { ...defaultEngineOptions, daemon: { [key]: 'x' } };
    expect(daemonConfig(options, connectivity, role)[key]).not.toBe('x');
  });

  test('a user engine may have its own bridge', () => {
    const options = { ...defaultEngineOptions, daemon: { bridge: 'br0' } };
    expect(daemonConfig(options, connectivity, 'user')).toMatchObject({ bridge: 'br0' });
  });
});

describe('backoffMs', () => {
  test.each([
    { failures: 0, random: 0.5, ms: 0 },
    { failures: 1, random: 0, ms: 250 },
    { failures: 1, random: 0.999999, ms: 500 },
    { failures: 2, random: 0, ms: 500 },
    { failures: 5, random: 0.5, ms: 6000 },
    { failures: 8, random: 0, ms: 30_000 },
    { failures: 1000, random: 0.999999, ms: 60_000 },
  ])('after $failures failures, random $random: $ms ms', ({ failures, random, ms }) => {
    expect(backoffMs(failures, random)).toBe(ms);
  });
});
