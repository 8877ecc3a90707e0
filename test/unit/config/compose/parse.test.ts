import { describe, expect, test } from '@jest/globals';
import { parseCompose } from '../../../../src/config/compose/parse.ts';
import { formatPath } from '../../../../src/core/diagnostic.ts';
import { sampleResources } from './samples.ts';

const options = { environment: { HOST: 'from-host' }, basePath: ['berth'] };

/** One service read on its own: its long form, and its problems as `severity code path: message (hint)`. */
function parseService(service: unknown) {
  const { model, problems } = parseCompose({ services: { web: service }, ...sampleResources }, options);
  const lines = problems.map(
    ({ severity, code, path, message }) => `${severity} ${code} ${formatPath(path.slice(3))}: ${message}`,
  );
  return { spec: model.services['web'], lines, hints: problems.map(({ hint }) => hint) };
}

describe('short forms become the long form', () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['a command line is split', { command: `a 'b c'` }, { command: ['a', 'b c'] }],
    ["an empty entrypoint clears the image's", { entrypoint: '' }, { entrypoint: [] }],
    ["an empty command keeps the image's", { command: null }, {}],
    [
      "environment as a list; a name alone is the host's",
      { environment: ['A=b=c', 'HOST', 'NONE'] },
      { environment: { A: 'b=c', HOST: 'from-host', NONE: null } },
    ],
    [
      'environment as a mapping',
      { environment: { A: 1, B: true, C: '', HOST: null } },
      { environment: { A: '1', B: 'true', C: '', HOST: 'from-host' } },
    ],
    [
      'labels: no value is the empty one',
      { labels: ['a', 'b=1'], annotations: { c: null } },
      { labels: { a: '', b: '1' }, annotations: { c: '' } },
    ],
    [
      'ports',
      { ports: [8600, '80:8080/udp', { target: '90', published: 9090, mode: 'host' }] },
      {
        ports: [
          { mode: 'ingress', target: 8600, protocol: 'tcp' },
          { mode: 'ingress', target: 8080, published: '80', protocol: 'udp' },
          { mode: 'host', target: 90, published: '9090', protocol: 'tcp' },
        ],
      },
    ],
    [
      'volumes',
      { volumes: ['data:/data:ro', { type: 'tmpfs', target: '/t', tmpfs: { size: '1k', mode: '01777' } }] },
      {
        volumes: [
          { type: 'volume', source: 'data', target: '/data', read_only: true, volume: {} },
          { type: 'tmpfs', target: '/t', tmpfs: { size: 1024, mode: 0o1777 } },
        ],
      },
    ],
    ['one tmpfs or DNS server', { tmpfs: '/t', dns: '192.0.2.1' }, { tmpfs: ['/t'], dns: ['192.0.2.1'] }],
    ['network names', { networks: ['front', 'default'] }, { networks: { front: null, default: null } }],
    ['dependencies', { depends_on: ['db'] }, { depends_on: { db: { condition: 'service_started', required: true } } }],
    [
      'dependencies with conditions',
      { depends_on: { db: { condition: 'service_healthy', restart: true } } },
      { depends_on: { db: { condition: 'service_healthy', restart: true, required: true } } },
    ],
    [
      'a healthcheck line is for a shell',
      { healthcheck: { test: 'a && b', interval: '1m30s' } },
      { healthcheck: { test: ['CMD-SHELL', 'a && b'], interval: 90e9 } },
    ],
    [
      'sizes in bytes',
      { mem_limit: '1.5g', shm_size: 64, memswap_limit: -1 },
      { mem_limit: 1.5 * 2 ** 30, shm_size: 64, memswap_limit: -1 },
    ],
    ['durations in nanoseconds', { stop_grace_period: '500ms' }, { stop_grace_period: 5e8 }],
    [
      'one limit is both limits',
      { ulimits: { nofile: 5, nproc: { soft: 1, hard: -1 } } },
      { ulimits: { nofile: { soft: 5, hard: 5 }, nproc: { soft: 1, hard: -1 } } },
    ],
    [
      'hosts as a list',
      { extra_hosts: ['a=1.2.3.4', 'b:[::1]', 'a=5.6.7.8'] },
      { extra_hosts: { a: ['1.2.3.4', '5.6.7.8'], b: ['::1'] } },
    ],
    [
      'several addresses with commas between them',
      { extra_hosts: ['a=1.2.3.4,5.6.7.8'] },
      { extra_hosts: { a: ['1.2.3.4', '5.6.7.8'] } },
    ],
    ['an empty DNS server is none', { dns: ['', '192.0.2.1'] }, { dns: ['192.0.2.1'] }],
    [
      'hosts as a mapping',
      { extra_hosts: { a: '1.2.3.4', b: ['::1', '::2'] } },
      { extra_hosts: { a: ['1.2.3.4'], b: ['::1', '::2'] } },
    ],
    [
      'devices',
      { devices: ['/dev/a', '/dev/a:/dev/b:r'] },
      {
        devices: [
          { source: '/dev/a', target: '/dev/a', permissions: 'rwm' },
          { source: '/dev/a', target: '/dev/b', permissions: 'r' },
        ],
      },
    ],
    ['env files', { env_file: 'a.env' }, { env_file: [{ path: 'a.env', required: true }] }],
    [
      'secrets',
      { secrets: ['key', { source: 'key', uid: 5, mode: 0o440 }] },
      { secrets: [{ source: 'key' }, { source: 'key', uid: '5', mode: 0o440 }] },
    ],
    [
      'numbers and truth values as text',
      { cpus: '0.5', scale: '1', init: 'yes', privileged: 'false' },
      { cpus: 0.5, scale: 1, init: true, privileged: false },
    ],
    [
      'limits of deploy',
      { deploy: { resources: { limits: { memory: '1k', cpus: '1' } }, restart_policy: { delay: '1s' } } },
      { deploy: { resources: { limits: { memory: 1024, cpus: 1 } }, restart_policy: { delay: 1e9 } } },
    ],
    ['an unquoted `no` that YAML made false', { restart: false }, { restart: 'no' }],
    [
      'our own words',
      { 'x-berth': { one_shot: true, settle: '5s', update: 'hand-over' }, 'x-other': 1 },
      { 'x-berth': { one_shot: true, settle: 5e9, update: 'hand-over' } },
    ],
    [
      'a hook before the host restarts',
      { 'x-berth': { pre_reboot: { command: 'web drain --all', deadline: '30s' } } },
      { 'x-berth': { pre_reboot: { command: ['web', 'drain', '--all'], deadline: 30e9 } } },
    ],
    ['variables', { image: 'a:${TAG:-1}', user: '$$x' }, { image: 'a:1', user: '$x' }],
  ])('%s', (_rule, service, expected) => {
    expect(parseService(service)).toEqual({ spec: expected, lines: [], hints: [] });
  });
});

describe('what is wrong is an error at its place, and the service is left out', () => {
  test.each<[Record<string, unknown>, string, string | undefined]>([
    [{ imag: 'x' }, 'error unknown-key imag: unknown key "imag" in a service', 'did you mean "image"?'],
    [
      { image: 5 },
      'error wrong-type image: expected text, found the number 5',
      'quote the value if it is meant as text',
    ],
    [{ ports: '80' }, 'error wrong-type ports: expected a list of ports, found "80"', 'write ["8080:80"]'],
    [
      { ports: ['a:80'] },
      'error invalid-value ports[0]: invalid host port "a": expected a number from 0 to 65535 or a range',
      expect.any(String) as never,
    ],
    [{ ports: [{ published: 1 }] }, 'error invalid-value ports[0]: a port needs "target"', 'add "target"'],
    [
      { volumes: [{ type: 'bind', target: '/a' }] },
      'error invalid-value volumes[0]: a bind mount needs a source',
      expect.any(String) as never,
    ],
    [
      { volumes: [{ type: 'bund', target: '/a' }] },
      'error invalid-value volumes[0].type: expected one of bind, volume, tmpfs, npipe, cluster, image; found "bund"',
      'did you mean "bind"?',
    ],
    [
      { volumes: ['data:relative'] },
      'error invalid-value volumes[0]: the target "relative" is not an absolute path',
      'start it with "/"',
    ],
    [
      { volumes: ['./here:/a'] },
      'error invalid-value volumes[0]: the source "./here" is a relative path',
      expect.any(String) as never,
    ],
    [
      { environment: ['A = 1'] },
      'error invalid-value environment: "A " is not the name of a variable',
      expect.any(String) as never,
    ],
    [
      { environment: { A: [] } },
      'error wrong-type environment.A: expected text, a number, true or false, found a list',
      undefined,
    ],
    [
      { stop_grace_period: 10 },
      'error wrong-type stop_grace_period: expected a duration such as 10s, found the number 10',
      'write a number with its unit in quotes: "10s"',
    ],
    [
      { stop_grace_period: '10' },
      'error invalid-value stop_grace_period: "10" is not a duration',
      expect.any(String) as never,
    ],
    [{ mem_limit: 'much' }, 'error invalid-value mem_limit: "much" is not a size', expect.any(String) as never],
    [
      { oom_score_adj: 2000 },
      'error invalid-value oom_score_adj: expected a whole number from -1000 to 1000, found the number 2000',
      undefined,
    ],
    [
      { restart: 'sometimes' },
      'error invalid-value restart: "sometimes" is not a restart policy',
      expect.any(String) as never,
    ],
    [
      { healthcheck: { test: ['curl'] } },
      'error invalid-value healthcheck.test: the test must start with CMD, CMD-SHELL or NONE, found "curl"',
      expect.any(String) as never,
    ],
    [
      { depends_on: { db: { condition: 'ready' } } },
      expect.stringContaining('error invalid-value depends_on.db.condition') as never,
      undefined,
    ],
    [
      { networks: ['frnt'] },
      'error invalid-value networks.frnt: refers to the network "frnt", which is not declared',
      'did you mean "front"?',
    ],
    [
      { secrets: ['other'] },
      'error invalid-value secrets[0]: refers to the secret "other", which is not declared',
      expect.any(String) as never,
    ],
    [
      { configs: [{ source: 'setting' }] },
      'error invalid-value configs[0]: refers to the config "setting", which is not declared',
      'did you mean "settings"?',
    ],
    [
      { image: '${A' },
      expect.stringContaining('error invalid-value image: invalid interpolation') as never,
      expect.any(String) as never,
    ],
    [
      { 'x-berth': { schedul: '* * * * *' } },
      'error unknown-key x-berth.schedul: unknown key "schedul" in x-berth',
      'did you mean "schedule"?',
    ],
    [
      { 'x-berth': { schedule: '* * * * *', timezone: 'Europe/Berlim' } },
      'error invalid-value x-berth.timezone: "Europe/Berlim" is not a time zone',
      'did you mean "Europe/Berlin"?',
    ],
    [
      { 'x-berth': { pre_reboot: { deadline: '1s' } } },
      'error invalid-value x-berth.pre_reboot: pre_reboot needs "command"',
      'add "command"',
    ],
    [
      { 'x-berth': { pre_reboot: { command: null } } },
      'error invalid-value x-berth.pre_reboot.command: names no command',
      undefined,
    ],
    [
      { 'x-berth': { pre_reboot: { command: [] } } },
      'error invalid-value x-berth.pre_reboot.command: names no command',
      undefined,
    ],
    [
      { 'x-berth': { pre_reboot: { command: ['a'], deadline: '11m' } } },
      'error invalid-value x-berth.pre_reboot.deadline: is not more than 0 and at most 10 minutes',
      'for example 30s',
    ],
    [
      { 'x-berth': { 'x-more': 1 } },
      'error unknown-key x-berth.x-more: unknown key "x-more" in x-berth',
      expect.any(String) as never,
    ],
  ])('%j', (service, line, hint) => {
    const { spec, lines, hints } = parseService(service);
    expect(spec).toBeUndefined();
    expect(lines).toEqual([line]);
    expect(hints).toEqual([hint]);
  });

  test('more ports than a host can publish are refused', () => {
    expect(parseService({ ports: ['0-65535', '0-65535:0-65535'] }).lines).toEqual([
      'error invalid-value ports: more than 10000 ports',
    ]);
  });

  test('a command that only a shell could run is a warning', () => {
    const { spec, lines } = parseService({ command: 'a && b' });
    expect(spec).toEqual({ command: ['a'] });
    expect(lines).toEqual(['warning unsupported command: "&& b" is ignored: no shell reads a command']);
  });

  test('a port or mount that is there twice is a warning, the last one counts', () => {
    const { spec, lines } = parseService({ volumes: ['one:/x', 'two:/x'] });
    expect(spec?.volumes).toMatchObject([{ source: 'two', target: '/x' }]);
    expect(lines).toEqual(['warning invalid-value volumes: /x stands here more than once; the last one counts']);
  });

  test('a known key that is not run is a warning with its reason, also inside deploy', () => {
    const { spec, lines } = parseService({ image: 'x', build: 5, deploy: { placement: {}, replicas: 1 } });
    expect(spec).toEqual({ image: 'x', deploy: { replicas: 1 } });
    expect(lines).toEqual([
      'warning unsupported build: "build" has no effect: images are not built on the host',
      'warning unsupported deploy.placement: "placement" has no effect: it spreads containers over several machines, and this is one',
    ]);
  });
});

test('a hook before the host restarts has no effect on runs of a schedule', () => {
  const { lines } = parseService({ 'x-berth': { schedule: '@daily', pre_reboot: { command: ['a'] } } });
  expect(lines).toEqual(['warning unsupported x-berth.pre_reboot: "pre_reboot" has no effect on runs of a schedule']);
});

describe('more than one container', () => {
  const hint = 'declare more services, which can share their keys by a YAML anchor and "<<"';
  test.each([
    [{ scale: 3 }, 'scale', 3],
    [{ scale: '2' }, 'scale', 2],
    [{ deploy: { replicas: 5 } }, 'deploy.replicas', 5],
  ])('%j is a warning that says what runs', (service, key, count) => {
    const { spec, lines, hints } = parseService({ image: 'x', ...service });
    expect(spec).toMatchObject({ image: 'x' });
    expect(lines).toEqual([
      `warning unsupported ${key}: ${count} containers are asked for, one runs: a service has one container here`,
    ]);
    expect(hints).toEqual([hint]);
  });

  test('each key has its own', () => {
    const { lines } = parseService({ image: 'x', scale: 2, deploy: { replicas: 2 } });
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      'warning unsupported scale',
      'warning unsupported deploy.replicas',
    ]);
  });

  test.each([
    { scale: 0 },
    { scale: 1 },
    { deploy: { replicas: 0 } },
    { deploy: { replicas: 1 } },
  ])('%j is as declared', (service) => expect(parseService({ image: 'x', ...service }).lines).toEqual([]));
});

describe('images that are there are not pulled again', () => {
  test.each(['always', 'daily', 'weekly', 'every_12h', 'build'])('%s is a warning', (policy) => {
    const { spec, lines } = parseService({ image: 'x', pull_policy: policy });
    expect(spec).toMatchObject({ image: 'x' });
    const why = `an image that is there is not pulled again, as "${policy}" asks for`;
    expect(lines).toEqual([`warning unsupported pull_policy: ${why}`]);
  });

  test.each(['missing', 'if_not_present', 'never'])('%s is as declared', (policy) =>
    expect(parseService({ image: 'x', pull_policy: policy }).lines).toEqual([]));
});

describe('the whole', () => {
  test('a wrong service is left out, the others stay', () => {
    const { model, problems } = parseCompose(
      { services: { good: { image: 'a' }, bad: { image: 1 }, empty: null, 'no good': {} } },
      options,
    );
    expect(Object.keys(model.services)).toEqual(['good']);
    expect(problems.map(({ path }) => formatPath(path))).toEqual([
      'berth.services.bad.image',
      'berth.services.empty',
      'berth.services["no good"]',
    ]);
  });

  test('resources: an empty one is one with defaults, an external one may be written the old way', () => {
    const { model, problems } = parseCompose(
      {
        networks: { a: null, b: { external: { name: 'other' } } },
        volumes: { data: null, old: { external: true }, kept: { 'x-berth': { rollback: 'snapshot' } } },
        secrets: { file: { file: '/a' }, text: { content: 'b' } },
        configs: { env: { environment: 'HOST' } },
      },
      options,
    );
    expect(problems).toEqual([]);
    expect(model).toMatchObject({
      networks: { a: {}, b: { external: true, name: 'other' } },
      volumes: { data: {}, old: { external: true }, kept: { 'x-berth': { rollback: 'snapshot' } } },
      secrets: { file: { file: '/a' }, text: { content: 'b' } },
      configs: { env: { environment: 'HOST' } },
    });
  });

  test.each([
    [{ secrets: { a: {} } }, 'secrets.a', 'a secret needs a source of its content'],
    [{ configs: { a: { file: 'x', content: 'y' } } }, 'configs.a', 'file and content exclude each other'],
    [
      { volumes: { a: { external: true, driver: 'x' } } },
      'volumes.a.driver',
      '"external" and "driver" exclude each other: an external volume is not made here',
    ],
    [
      { volumes: { a: { driver: 'nfs', 'x-berth': { rollback: 'snapshot' } } } },
      'volumes.a.x-berth.rollback',
      'there is no snapshot of a volume with a driver or driver_opts: what is in it is elsewhere',
    ],
    [
      { volumes: { a: { external: true, 'x-berth': { rollback: 'keep' } } } },
      'volumes.a.x-berth',
      '"external" and "x-berth" exclude each other: an external volume is not made here',
    ],
    [
      { volumes: { a: { 'x-berth': { rollback: 'snapshots' } } } },
      'volumes.a.x-berth.rollback',
      'expected one of keep, snapshot, forward-only; found "snapshots"',
    ],
    [
      { volumes: { a: { 'x-berth': { rolback: 'keep' } } } },
      'volumes.a.x-berth.rolback',
      'unknown key "rolback" in x-berth of a volume',
    ],
    [{ networks: { a: { name: 'x', external: { name: 'y' } } } }, 'networks.a', 'name and external.name differ'],
    [{ networks: ['a'] }, 'networks', 'expected a mapping, found a list'],
  ])('%j is an error', (raw, path, message) => {
    const { problems } = parseCompose(raw, { environment: {}, basePath: [] });
    expect(problems.map((problem) => [formatPath(problem.path), problem.severity, problem.message])).toEqual([
      [path, 'error', message],
    ]);
  });

  test('a reference to a declaration that has an error of its own is no second error', () => {
    const { problems } = parseCompose(
      { services: { a: { networks: ['n'] } }, networks: { n: { driver: 1 } } },
      options,
    );
    expect(problems.map(({ path }) => formatPath(path))).toEqual(['berth.networks.n.driver']);
  });
});
