import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ServiceSpec } from '../../../src/config/service-spec.ts';
import type { CatalogueMode } from '../../../src/services/catalogue/variables.ts';
import { type PrivateEngine, privateEngine } from '../support/private-engine.ts';
import { engineVersions } from '../support/shared-engines.ts';
import { contextOf, freePort, loadSystemImage, type SystemContainer, startSystemContainer } from './support.ts';

/** Ports of a test's own: the machine may run the same services. */
async function ownPorts(name: string): Promise<ServiceSpec> {
  const port = String(await freePort());
  switch (name) {
    case 'console':
      return { environment: { CONSOLE_PORT: port } };
    case 'syslog':
      return { environment: { SYSLOG_PORT: port } };
    case 'node-exporter':
      return {
        command: [`--web.listen-address=127.0.0.1:${port}`, '--path.procfs=/host/proc', '--path.sysfs=/host/sys'],
        healthcheck: {
          test: ['CMD', 'wget', '-q', '-O', '/dev/null', `http://127.0.0.1:${port}/`],
          interval: 10e9,
          start_interval: 1e9,
          start_period: 20e9,
        },
      };
    default:
      return {};
  }
}

describe.each(engineVersions)('system containers on Docker %s', (version) => {
  let rig: PrivateEngine;
  beforeAll(async () => {
    rig = await privateEngine({ version, role: 'system', name: `catalogue${version.replace('.', '')}` });
  });
  afterAll(async () => rig.stop());

  test('each becomes healthy on somebody’s own machine', async () => {
    const containers: SystemContainer[] = [];
    for (const name of ['ntp', 'syslog', 'node-exporter', 'console']) {
      containers.push(
        await startSystemContainer(rig, name, { context: contextOf(rig, 'local'), adjust: await ownPorts(name) }),
      );
    }
    await Promise.all(containers.map((container) => container.healthy()));
    for (const { id } of containers) await rig.engine.removeContainer(id);
  });
});

/** Numbers from capabilities(7), include/uapi/linux/capability.h. */
const capabilityBits = {
  CHOWN: 0,
  SETGID: 6,
  SETUID: 7,
  NET_BIND_SERVICE: 10,
  SYS_CHROOT: 18,
  SYS_TIME: 25,
  AUDIT_WRITE: 29,
} as const;

const rights: readonly {
  readonly name: string;
  readonly mode: CatalogueMode;
  /** As the image's own user, whom the probe's image does not have. */
  readonly user: string;
  readonly capabilities: readonly (keyof typeof capabilityBits)[];
}[] = [
  { name: 'ntp', mode: 'host', user: '0', capabilities: ['SYS_TIME'] },
  { name: 'ntp', mode: 'local', user: '0', capabilities: [] },
  { name: 'syslog', mode: 'host', user: '990', capabilities: [] },
  { name: 'node-exporter', mode: 'host', user: '65534', capabilities: [] },
  { name: 'node-exporter', mode: 'local', user: '65534', capabilities: [] },
  {
    name: 'console',
    mode: 'host',
    user: '0',
    capabilities: ['CHOWN', 'SETGID', 'SETUID', 'NET_BIND_SERVICE', 'SYS_CHROOT', 'AUDIT_WRITE'],
  },
];

describe('what a system container does not need is denied', () => {
  let rig: PrivateEngine;
  beforeAll(async () => {
    rig = await privateEngine({ version: '26.1', role: 'system', name: 'rights' });
    await loadSystemImage(rig, 'busybox');
    // A host of ours shares its mounts; this one is only the rig's own.
    const { runCommand } = await import('../../../src/engine/run-command.ts');
    const [program = '', ...prefix] = rig.command;
    await runCommand(program, [...prefix, 'mount', '--make-rshared', '/']);
  });
  afterAll(async () => rig.stop());

  test.each(rights)('$name ($mode) has the capabilities $capabilities and no more', async ({
    name,
    mode,
    user,
    capabilities,
  }) => {
    // A shell in the service's place, with all that the service has.
    const probe = await startSystemContainer(rig, name, {
      context: contextOf(rig, mode),
      adjust: {
        image: 'berth/busybox:latest',
        entrypoint: ['sleep'],
        command: ['1000'],
        user,
        healthcheck: { disable: true },
        stop_signal: 'SIGKILL',
      },
    });
    try {
      const status = (await probe.exec(['cat', '/proc/self/status'])).output;
      const wanted = capabilities.reduce((bits, capability) => bits | (1n << BigInt(capabilityBits[capability])), 0n);
      expect(BigInt(`0x${/CapBnd:\s*(\w+)/.exec(status)?.[1] ?? ''}`)).toBe(wanted);
      expect(status).toMatch(/NoNewPrivs:\s*1/);
      const denied = {
        'write to its root': 'touch /probe',
        'write to its programs': 'touch /usr/bin/probe',
        'make a device': 'mknod /dev/shm/probe b 254 0',
        'mount something': 'mount -t tmpfs none /mnt',
        'see an engine’s socket it could use': `test -w ${rig.socket} || test -w /host${rig.socket}`,
        'load a kernel module': 'insmod /bin/busybox',
        'change the host’s name': 'hostname probe',
        'set up the network': 'ip link add probe type dummy',
      };
      const allowed: string[] = [];
      for (const [what, command] of Object.entries(denied)) {
        if ((await probe.exec(['sh', '-c', command])).exitCode === 0) allowed.push(what);
      }
      expect(allowed).toEqual([]);
    } finally {
      await rig.engine.removeContainer(probe.id);
    }
  });
});
