import { describe, expect, test } from '@jest/globals';
import type { ContainerConfig } from '../../../src/engine/container-engine.ts';
import { containerBody } from '../../../src/engine/docker-container-body.ts';
import { plainContainer } from '../../contract/plain-container.ts';

const oldest = 41;
const newest = 45;
/** As the engine sees it: JSON has no undefined. */
function sent(changes: Partial<ContainerConfig>, minor = newest) {
  return JSON.parse(JSON.stringify(containerBody(plainContainer('web:1', changes), minor).body)) as {
    HostConfig: Record<string, unknown>;
  } & Record<string, unknown>;
}

describe('containerBody', () => {
  test('what is not declared is not sent', () => {
    const body = sent({});
    for (const key of ['Cmd', 'Entrypoint', 'User', 'Healthcheck', 'NetworkingConfig', 'MacAddress', 'Hostname'])
      expect(body).not.toHaveProperty(key);
    for (const key of ['Memory', 'Init', 'LogConfig', 'MaskedPaths', 'Annotations'])
      expect(body.HostConfig).not.toHaveProperty(key);
  });

  test.each([
    { changes: { stopGraceSeconds: 20, stopSignal: 'SIGINT' }, expected: { StopTimeout: 20, StopSignal: 'SIGINT' } },
    {
      changes: {
        exposedPorts: ['90', '91/udp'],
        ports: [{ containerPort: '80', hostIp: '127.0.0.1', hostPort: '8080' }, { containerPort: '80' }],
      },
      expected: {
        ExposedPorts: { '90/tcp': {}, '91/udp': {}, '80/tcp': {} },
        HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }, {}] } },
      },
    },
    {
      changes: { securityOptions: ['systempaths=unconfined', 'apparmor=unconfined'] },
      expected: { HostConfig: { SecurityOpt: ['apparmor=unconfined'], MaskedPaths: [], ReadonlyPaths: [] } },
    },
    {
      changes: {
        restart: { name: 'on-failure', maximumRetries: 3 },
        nanoCpus: 5e8,
        logging: { driver: 'local', options: { 'max-size': '1m' } },
      },
      expected: {
        HostConfig: {
          RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
          NanoCpus: 5e8,
          LogConfig: { Type: 'local', Config: { 'max-size': '1m' } },
        },
      },
    },
  ] as const)('$changes', ({ changes, expected }) => {
    expect(sent(changes)).toMatchObject(expected);
  });

  test.each([
    {
      why: 'a source that may be created is a bind',
      mount: { createSource: true, propagation: 'rshared' },
      binds: ['/a:/b:ro,rshared'],
      mounts: [],
    },
    {
      why: 'a source that must exist is a mount',
      mount: {},
      binds: [],
      mounts: [{ Type: 'bind', Source: '/a', Target: '/b', ReadOnly: true, BindOptions: {} }],
    },
  ])('$why', ({ mount, binds, mounts }) => {
    const { HostConfig } = sent({ mounts: [{ type: 'bind', source: '/a', target: '/b', readOnly: true, ...mount }] });
    expect(HostConfig).toMatchObject({ Binds: binds, Mounts: mounts });
  });

  const networks = [
    { name: 'front', aliases: ['a'], macAddress: '02:00:00:00:00:01', ipv4Address: '10.0.0.9' },
    { name: 'back', aliases: ['b'] },
  ];

  test('an engine that knows several endpoints gets them at once', () => {
    const { body, connect } = containerBody(plainContainer('web:1', { networkMode: 'front', networks }), 44);
    expect(JSON.parse(JSON.stringify(body))).toMatchObject({
      NetworkingConfig: {
        EndpointsConfig: {
          front: { Aliases: ['a'], MacAddress: '02:00:00:00:00:01', IPAMConfig: { IPv4Address: '10.0.0.9' } },
          back: { Aliases: ['b'] },
        },
      },
    });
    expect(connect).toEqual([]);
  });

  test('an older one gets the first, with its MAC address at the container, and is told to connect the others', () => {
    const { body, connect } = containerBody(plainContainer('web:1', { networkMode: 'front', networks }), 43);
    const plain = JSON.parse(JSON.stringify(body)) as Record<string, unknown>;
    expect(plain).toMatchObject({
      MacAddress: '02:00:00:00:00:01',
      NetworkingConfig: { EndpointsConfig: { front: { Aliases: ['a'] } } },
    });
    expect(JSON.stringify(plain['NetworkingConfig'])).not.toContain('MacAddress');
    expect(connect.map(({ network }) => network)).toEqual(['back']);
  });

  test.each([
    { what: 'annotations', changes: { annotations: { a: 'b' } }, since: 43 },
    {
      what: 'a volume subpath',
      changes: { mounts: [{ type: 'volume', source: 'v', target: '/v', readOnly: false, subpath: 's' }] },
      since: 45,
    },
    { what: 'a MAC address on a second network', changes: { networks: [...networks].reverse() }, since: 44 },
    {
      what: 'a created source with a colon',
      changes: { mounts: [{ type: 'bind', source: '/a:b', target: '/b', readOnly: false, createSource: true }] },
      since: 42,
    },
  ] as const)('$what needs API 1.$since', ({ changes, since }) => {
    expect(() => sent(changes, since - 1)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    expect(() => sent(changes, since)).not.toThrow();
  });

  test('a start interval is left out where the engine does not know it', () => {
    const healthcheck = { test: ['CMD', 'true'], startIntervalNs: 5 };
    expect(sent({ healthcheck }, newest)['Healthcheck']).toEqual({ Test: ['CMD', 'true'], StartInterval: 5 });
    expect(sent({ healthcheck }, oldest)['Healthcheck']).toEqual({ Test: ['CMD', 'true'] });
  });
});
