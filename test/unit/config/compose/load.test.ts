import { describe, expect, test } from '@jest/globals';
import { type LoadOptions, loadComposeProject } from '../../../../src/config/compose/load.ts';

/** Loads files given as texts; returns the project in Compose's long form. */
function load(contents: readonly string[], options: LoadOptions = {}, environment: Record<string, string> = {}) {
  const files = contents.map((content, index) => ({ name: `file${index}.yaml`, content }));
  const { printed } = loadComposeProject(files, environment, { projectName: 'test', ...options });
  return printed as {
    name: string;
    services: Record<string, Record<string, unknown>>;
    networks: Record<string, unknown>;
  };
}

/** Ten times ten times ten … of one value. */
const bomb = [
  'x-0: &a0 [a, a, a, a, a, a, a, a, a, a]',
  ...[1, 2, 3, 4, 5, 6].map(
    (n) =>
      `x-${n}: &a${n} [${Array(10)
        .fill(`*a${n - 1}`)
        .join(', ')}]`,
  ),
].join('\n');

describe('loadComposeProject', () => {
  test('writes durations, sizes and modes as Compose does', () => {
    const { services } = load([
      `
services:
  web:
    image: a
    stop_grace_period: 90s
    mem_limit: 1k
    secrets: [{source: s, mode: 0440}]
    healthcheck: {test: x, interval: 1h}
secrets: {s: {file: f}}
`,
    ]);
    expect(services['web']).toEqual({
      image: 'a',
      stop_grace_period: '1m30s',
      mem_limit: '1024',
      secrets: [{ source: 's', mode: '0440' }],
      healthcheck: { test: ['CMD-SHELL', 'x'], interval: '1h0m0s' },
      networks: { default: null },
    });
  });

  test('later files and documents go over earlier ones; !reset and !override clear first', () => {
    const { services } = load([
      'services: {web: {image: a, ports: ["1"], cap_add: [A], labels: {x: "1"}}}',
      'services: {web: {image: b, ports: !reset [], cap_add: !override [B]}}\n---\nservices: {web: {labels: [y=2]}}',
    ]);
    expect(services['web']).toEqual({
      image: 'b',
      cap_add: ['B'],
      labels: { x: '1', y: '2' },
      networks: { default: null },
    });
  });

  test('anchors, aliases and merge keys, one or a list of them', () => {
    const { services } = load([
      `
x-a: &a {image: a, user: u}
x-b: &b [{image: b, tty: true}]
services:
  one: {<<: *a, image: own}
  two: {<<: [*a, {init: true}]}
  three: {<<: *b}
`,
    ]);
    const networks = { default: null };
    expect(services).toEqual({
      one: { image: 'own', user: 'u', networks },
      two: { image: 'a', user: 'u', init: true, networks },
      three: { image: 'b', tty: true, networks },
    });
  });

  test('texts and lists in brackets may go on at the left margin, as in go-yaml', () => {
    const { services } = load([
      'services:\n  a:\n    image: "x\n:1"\n    command: [tar,\n-]\n---\nservices:\n  a: {user: u,\ntty: true}\n',
    ]);
    expect(services['a']).toMatchObject({ image: 'x :1', command: ['tar', '-'], user: 'u', tty: true });
  });

  test('a service extends another one, of this file or another', () => {
    const otherFiles = { 'base.yaml': 'services: {base: {image: b, environment: {A: "1"}, command: x}}' };
    const { services } = load(
      [
        'services: {web: {extends: {file: base.yaml, service: base}, environment: [B=2]}, more: {extends: web, command: y}}',
      ],
      {
        otherFiles,
      },
    );
    expect(services['more']).toMatchObject({ image: 'b', environment: { A: '1', B: '2' }, command: ['y'] });
    expect(services['web']).toMatchObject({ command: ['x'] });
  });

  test('extensions stay', () => {
    const { services } = load(['services: {a: {image: b, x-c: {d: 1}, ports: [{target: 80, x-e: 2}]}}']);
    expect(services['a']).toMatchObject({ 'x-c': { d: 1 }, ports: [{ target: 80, 'x-e': 2 }] });
  });

  test('only services of active profiles are there', () => {
    const content = 'services: {a: {image: a}, b: {image: b, profiles: [x]}, c: {image: c, profiles: [y, z]}}';
    expect(Object.keys(load([content]).services)).toEqual(['a']);
    expect(Object.keys(load([content], { profiles: ['z'] }).services)).toEqual(['a', 'c']);
    expect(Object.keys(load([content], { profiles: ['*'] }).services)).toEqual(['a', 'b', 'c']);
  });

  test('the name: as given, else of the last file that has one; variables may use it', () => {
    const content = 'name: Some.Name\nservices: {a: {image: "${COMPOSE_PROJECT_NAME}"}}';
    expect(load([content]).services['a']).toMatchObject({ image: 'test' });
    expect(loadComposeProject([{ name: 'f', content }], {}).printed).toMatchObject({
      name: 'somename',
      services: { a: { image: 'somename' } },
    });
  });

  test('dependencies that follow from other keys, and the names of resources, are written out', () => {
    const { services, networks } = load([
      'services: {a: {image: a, pid: "service:b", volumes_from: [c]}, b: {image: b, build: x}, c: {image: c}}\nnetworks: {n: null}',
    ]);
    expect(services['a']?.['depends_on']).toEqual({
      b: { condition: 'service_started', restart: true, required: true },
      c: { condition: 'service_started', required: true },
    });
    expect(services['b']?.['build']).toEqual({ context: 'x', dockerfile: 'Dockerfile' });
    expect(networks).toEqual({ default: { name: 'test_default' }, n: { name: 'test_n' } });
  });

  test('relative bind mounts start in the working directory', () => {
    const content = 'services: {a: {image: a, volumes: ["./x:/x", "/y:/y"]}}';
    expect(load([content], { workingDirectory: '/srv' }).services['a']?.['volumes']).toMatchObject([
      { source: '/srv/x' },
      { source: '/y' },
    ]);
  });

  test.each([
    ['no document', '# nothing', 'empty Compose file'],
    ['not a mapping', '[a]', 'the top level must be a mapping'],
    ['not YAML', 'a: [', 'file0.yaml:1:5: '],
    ['a repeated key', 'services: {}\nservices: {}', 'file0.yaml:2:1: services: the key stands here more than once'],
    ['a fault of a later document', 'services: {}\n---\nservices:\n  a: {1: b}', 'file0.yaml:4:7: non-string key'],
    ['too much text', `#${'x'.repeat(2 ** 20)}`, 'file0.yaml: has 1048577 characters'],
    ['too deep a text', `a: ${'['.repeat(70)}${']'.repeat(70)}`, 'nested more than 64 levels deep'],
    ['a bomb', bomb, 'more than 50000 values, aliases expanded'],
    ['a key that is not text', 'services: {1: {image: a}}', 'non-string key in services: 1'],
    ['an alias inside of itself', 'x-a: &a {b: *a}', 'cycle'],
    ['a merge key inside of itself', 'x-a: &a\n  b:\n    <<: *a', 'cycle'],
    ['an unknown alias', 'services: *a', 'a'],
    ['an unknown key', 'service: {}', 'unknown key "service" at the top level'],
    ['a wrong type', 'services: {a: {image: [b]}}', 'services.a.image: expected text, found a list'],
    [
      'a missing variable',
      'services: {a: {image: "${X:?say}"}}',
      'services.a.image: required variable X is missing a value: say',
    ],
    ['neither image nor build', 'services: {a: {user: b}}', 'services.a: has neither an image nor a build context'],
    ['an undeclared volume', 'services: {a: {image: b, volumes: ["data:/c"]}}', 'refers to the volume "data"'],
    ['an undeclared network', 'services: {a: {image: b, networks: [c]}}', 'refers to the network "c"'],
    ['an unknown dependency', 'services: {a: {image: b, depends_on: [c]}}', 'refers to the service "c"'],
    [
      'a dependency of an inactive profile',
      'services: {a: {image: b, depends_on: [c]}, c: {image: d, profiles: [x]}}',
      'refers to the service "c"',
    ],
    [
      'a cycle',
      'services: {a: {image: x, depends_on: [b]}, b: {image: x, depends_on: [a]}}',
      'depends on itself: a → b → a',
    ],
    ['services that extend each other', 'services: {a: {extends: b}, b: {extends: a}}', 'extend each other'],
    [
      'a network mode beside networks',
      'services: {a: {image: b, network_mode: host, networks: [c]}}\nnetworks: {c: {}}',
      '"network_mode" and "networks" exclude each other',
    ],
    [
      'contradicting limits',
      'services: {a: {image: b, cpus: 1, deploy: {resources: {limits: {cpus: 2}}}}}',
      'says something else',
    ],
    ['included files', 'include: [other.yaml]', 'cannot be included'],
  ])('%s is refused', (_rule, content, message) => expect(() => load([content])).toThrow(message));

  test('an invalid project name is refused', () => {
    expect(() => load(['services: {a: {image: b}}'], { projectName: 'No.Name' })).toThrow(
      'invalid project name "No.Name"',
    );
    expect(() => loadComposeProject([{ name: 'f', content: 'services: {}' }], {})).toThrow(
      'project name must not be empty',
    );
  });
});
