import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { ContainerConfig, ContainerSummary, LogOptions } from '../../../src/engine/container-engine.ts';
import type { DockerEngine } from '../../../src/engine/docker.ts';
import { plainContainer } from '../../contract/plain-container.ts';
import { engineVersions, sharedEngine } from '../support/shared-engines.ts';
import { testImage } from '../support/test-image.ts';

const label = 'berth.test.programs';

describe.each(engineVersions)('programs on Docker %s', (version) => {
  let engine: DockerEngine;
  let image: string;

  beforeAll(async () => {
    ({ engine } = sharedEngine(version));
    image = await testImage(engine);
  });

  afterEach(async () => {
    for (const { id } of await engine.listContainers(label)) await engine.removeContainer(id);
    for (const { name } of await engine.listNetworks(label)) await engine.removeNetwork(name);
    for (const { name } of await engine.listVolumes(label)) await engine.removeVolume(name);
  });

  const create = (name: string, changes: Partial<ContainerConfig> = {}) =>
    engine.createContainer(name, plainContainer(image, { labels: { [label]: name }, ...changes }));
  const run = async (name: string, script: string, changes: Partial<ContainerConfig> = {}) => {
    const id = await create(name, { command: ['sh', '-c', script], ...changes });
    await engine.startContainer(id);
    return id;
  };
  const listedUntil = async (
    name: string,
    done: (container: ContainerSummary) => boolean,
  ): Promise<ContainerSummary> => {
    for (;;) {
      const [found] = await engine.listContainers(`${label}=${name}`);
      if (found !== undefined && done(found)) return found;
      await sleep(30);
    }
  };
  const logOf = async (id: string, options: Partial<LogOptions> = {}, signal?: AbortSignal) => {
    const parts = { stdout: '', stderr: '' };
    const read = (stream: 'stdout' | 'stderr', chunk: Buffer) => {
      parts[stream] += chunk.toString();
    };
    await engine.logs(id, { follow: false, timestamps: false, ...options }, read, signal);
    return parts;
  };
  const exec = async (id: string, script: string, changes: { tty?: boolean; stdin?: string; user?: string } = {}) => {
    const parts = { stdout: '', stderr: '' };
    const code = await engine.exec(
      id,
      {
        command: ['sh', '-c', script],
        tty: changes.tty ?? false,
        stdin: changes.stdin !== undefined,
        ...(changes.user === undefined ? {} : { user: changes.user }),
        environment: ['GREETING=hi'],
        workingDirectory: '/www',
      },
      {
        ...(changes.stdin === undefined ? {} : { stdin: Readable.from([changes.stdin]) }),
        onOutput: (stream, chunk) => {
          parts[stream] += chunk.toString();
        },
      },
    );
    return { code, ...parts };
  };

  test.each([0, 1, 137])('exit code %i stands in the list', async (code) => {
    await run('exits', `exit ${code}`);
    const ended = await listedUntil('exits', ({ state }) => state === 'exited');
    expect(ended).toMatchObject({ state: 'exited', exitCode: code, health: 'none' });
    expect(await engine.inspectContainer(ended.id)).toMatchObject({ state: 'exited', exitCode: code });
  });

  test('health goes from starting to healthy to unhealthy, in the list, the inspection and the events', async () => {
    const stop = new AbortController();
    const heard: string[] = [];
    const actions: string[] = [];
    const watching = engine.watch((event) => {
      actions.push(event.action);
      if (event.health !== undefined) heard.push(event.health);
    }, stop.signal);
    const healthcheck = {
      test: ['CMD-SHELL', 'sleep 0.3; test -e /tmp/well || { echo ill; exit 4; }'],
      intervalNs: 3e8,
      retries: 1,
    };
    const id = await run('checked', 'touch /tmp/well; exec sleep 1000', { healthcheck });
    await listedUntil('checked', ({ health }) => health === 'starting');
    await listedUntil('checked', ({ health }) => health === 'healthy');
    expect(await engine.inspectContainer(id)).toMatchObject({ state: 'running', health: 'healthy' });
    await exec(id, 'rm /tmp/well');
    await listedUntil('checked', ({ health }) => health === 'unhealthy');
    const details = await engine.inspectContainer(id);
    expect(details).toMatchObject({ health: 'unhealthy' });
    expect(details?.healthLog.at(-1)).toMatchObject({ exitCode: 4, output: expect.stringContaining('ill') });
    stop.abort();
    await watching;
    expect(heard).toEqual(expect.arrayContaining(['healthy', 'unhealthy']));
    // Each probe is an exec: an agent must not wake up for them.
    expect(actions.filter((action) => action.startsWith('exec'))).toEqual([]);
  });

  test('the log keeps its two streams apart', async () => {
    const id = await run('talks', 'echo out; echo err >&2; seq 1 3000');
    await listedUntil('talks', ({ state }) => state === 'exited');
    const { stdout, stderr } = await logOf(id);
    expect(stderr).toBe('err\n');
    expect(stdout.split('\n').slice(0, 3)).toEqual(['out', '1', '2']);
    expect(stdout.endsWith('2999\n3000\n')).toBe(true);
  });

  test('tail, timestamps and since choose lines', async () => {
    const id = await run('lines', 'echo early; sleep 1.2; echo late');
    await listedUntil('lines', ({ state }) => state === 'exited');
    const startedAt = (await engine.inspectContainer(id))?.startedAt ?? 0;
    expect((await logOf(id, { tail: 1 })).stdout).toBe('late\n');
    expect((await logOf(id, { since: startedAt + 1000 })).stdout).toBe('late\n');
    expect((await logOf(id, { tail: 1, timestamps: true })).stdout).toMatch(/^\d{4}-\d\d-\d\dT\S+Z late\n$/);
  });

  test('a terminal has one raw stream', async () => {
    const id = await run('terminal', 'echo out; echo err >&2', { tty: true });
    await listedUntil('terminal', ({ state }) => state === 'exited');
    expect(await logOf(id)).toEqual({ stdout: 'out\r\nerr\r\n', stderr: '' });
  });

  test('following a log ends with the container, or with its signal', async () => {
    const id = await run('followed', 'while :; do echo tick; sleep 0.05; done');
    const stop = new AbortController();
    const cut = logOf(id, { follow: true }, stop.signal);
    const whole = logOf(id, { follow: true });
    await sleep(200);
    stop.abort();
    expect((await cut).stdout).toContain('tick\n');
    await engine.killContainer(id);
    expect((await whole).stdout).toContain('tick\n');
  });

  test('exec gives exit code, both streams, environment, directory and user', async () => {
    const id = await run('worker', 'exec sleep 1000');
    expect(await exec(id, 'echo $GREETING; pwd; id -u; echo oops >&2; exit 3', { user: '65534' })).toEqual({
      code: 3,
      stdout: 'hi\n/www\n65534\n',
      stderr: 'oops\n',
    });
  });

  test('exec passes standard input on, to its end', async () => {
    const id = await run('worker', 'exec sleep 1000');
    const text = 'line\n'.repeat(20_000);
    expect(await exec(id, 'wc -c', { stdin: text })).toEqual({ code: 0, stdout: `${text.length}\n`, stderr: '' });
  });

  test('exec on a terminal is one stream', async () => {
    const id = await run('worker', 'exec sleep 1000');
    expect(await exec(id, 'tty; echo err >&2', { tty: true })).toEqual({
      code: 0,
      stdout: '/dev/pts/0\r\nerr\r\n',
      stderr: '',
    });
  });

  test('exec of a missing program ends with 126 or 127', async () => {
    const id = await run('worker', 'exec sleep 1000');
    const code = engine.exec(id, { command: ['/no/such'], tty: false, stdin: false }, { onOutput: () => undefined });
    expect([126, 127]).toContain(await code);
  });

  test('exec in a container that does not run throws ENGINE_CONFLICT', async () => {
    await expect(exec(await create('idle'), 'true')).rejects.toMatchObject({ code: 'ENGINE_CONFLICT' });
  });

  test('a program that is not in the image is refused, and not taken for a missing container', async () => {
    const id = await create('programless', { command: ['/no/such'] });
    await expect(engine.startContainer(id)).rejects.toMatchObject({ code: 'ENGINE_REFUSED' });
  });

  test('what is asked for arrives in the container', async () => {
    const directory = await mkdtemp('/tmp/berth-test-');
    try {
      const script =
        'echo "$A $(hostname) $(id -u) $(pwd) $(cat /proc/sys/net/ipv4/ip_default_ttl)" > /host/seen; ulimit -n >> /host/seen; exec sleep 1000';
      const id = await run('resolved', script, {
        environment: ['A=b'],
        hostname: 'inner',
        workingDirectory: '/tmp',
        sysctls: { 'net.ipv4.ip_default_ttl': '63' },
        ulimits: [{ name: 'nofile', soft: 100, hard: 200 }],
        init: true,
        readOnlyRoot: true,
        tmpfs: { '/tmp': 'size=1m' },
        mounts: [
          {
            type: 'bind',
            source: join(directory, 'made', 'here'),
            target: '/host',
            readOnly: false,
            createSource: true,
          },
        ],
        memoryBytes: 64 * 2 ** 20,
        pidsLimit: 50,
        securityOptions: ['no-new-privileges'],
        capabilitiesDrop: ['ALL'],
        logging: { driver: 'local', options: { 'max-size': '1m' } },
      });
      expect((await exec(id, 'cat /proc/1/comm; touch /x')).stdout).toMatch(/init/);
      expect(await readFile(join(directory, 'made', 'here', 'seen'), 'utf8')).toBe('b inner 0 /tmp 63\n100\n');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('a bind without its source is refused unless it may be created', async () => {
    const mounts = [{ type: 'bind' as const, source: '/tmp/berth-test-absent', target: '/host', readOnly: true }];
    await expect(create('sourceless', { mounts })).rejects.toMatchObject({ code: 'ENGINE_REFUSED' });
  });

  test('a container joins each of its networks, under its aliases', async () => {
    const network = {
      driver: 'bridge',
      driverOptions: {},
      labels: { [label]: '' },
      internal: false,
      attachable: false,
      enableIpv6: false,
      ipam: [],
    };
    for (const name of ['berth-front', 'berth-back']) await engine.createNetwork(name, network);
    await run('server', 'exec httpd -f -h /www', {
      networkMode: 'berth-front',
      networks: [
        { name: 'berth-front', aliases: ['front-alias'], macAddress: '02:42:0a:00:00:07' },
        { name: 'berth-back', aliases: ['back-alias'] },
      ],
    });
    const client = await run('client', 'exec sleep 1000', {
      networkMode: 'berth-back',
      networks: [{ name: 'berth-back', aliases: [] }],
    });
    expect((await exec(client, 'wget -qO- http://back-alias/')).stdout).toBe('hello\n');
    const server = (await engine.listContainers(`${label}=server`))[0]?.id ?? '';
    const addresses = (await exec(server, 'cat /sys/class/net/eth*/address')).stdout.trim().split('\n');
    expect(addresses).toHaveLength(2);
    expect(addresses).toContain('02:42:0a:00:00:07');
  });

  test('a container that cannot join all its networks is not left half made', async () => {
    const networks = [
      { name: 'bridge', aliases: [] },
      { name: 'berth-absent', aliases: [] },
    ];
    const comeUp = async () => engine.startContainer(await create('half', { networkMode: 'bridge', networks }));
    await expect(comeUp()).rejects.toMatchObject({ code: 'ENGINE_REFUSED' });
    // Older engines refuse while it is made, newer ones when it starts; never does it run on a part of its networks.
    expect((await engine.listContainers(label)).filter(({ state }) => state !== 'created')).toEqual([]);
  });

  const subpath = [
    { type: 'volume' as const, source: 'berth-volume', target: '/data', readOnly: false, subpath: 'inner' },
  ];
  const volume = { driver: 'local', driverOptions: {}, labels: { [label]: '' } };

  if (version === '26.1') {
    test('a volume subpath is mounted', async () => {
      await engine.createVolume('berth-volume', volume);
      const whole = { type: 'volume' as const, source: 'berth-volume', target: '/all', readOnly: false };
      const maker = await run('maker', 'exec sleep 1000', { mounts: [whole] });
      await exec(maker, 'mkdir /all/inner; echo deep > /all/inner/file');
      const reader = await run('reader', 'exec sleep 1000', { mounts: subpath });
      expect((await exec(reader, 'cat /data/file')).stdout).toBe('deep\n');
    });
  } else {
    test.each([
      { mounts: subpath },
      { annotations: { a: 'b' } },
    ])('what this engine does not know throws UNSUPPORTED: %j', async (changes) => {
      await expect(create('newer', changes)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    });
  }

  test('a start interval makes the first probe come sooner where the engine knows it, and is left out elsewhere', async () => {
    const healthcheck = { test: ['CMD', 'true'], intervalNs: 1e9, startPeriodNs: 60e9, startIntervalNs: 2e8 };
    await run('quick', 'exec sleep 1000', { healthcheck });
    await listedUntil('quick', ({ health }) => health === 'healthy');
  });
});
