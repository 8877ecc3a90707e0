import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { freePort } from '../../../image/vm/free-port.ts';
import { buildImage } from '../../engine/support/test-image.ts';
import { makeAuthority } from '../support/authority.ts';
import { ForwardProxy } from '../support/forward-proxy.ts';
import { Registry } from '../support/registry.ts';
import type { TestVm } from '../support/test-vm.ts';
import { type Example, inService, replaced } from './example.ts';

/** What this machine's loopback is to the guest. */
const here = '10.0.2.2';
const registryName = 'registry.example.org';

/** private-registry.yaml, with Debian's own registry on both sides of a proxy. */
export const privateRegistry: Example = {
  file: 'private-registry.yaml',
  promise:
    'images come by the mirror and by the proxy, with a password and certificates of our own, and no secret shows',
  stage: async (text, directory) => {
    const password = randomBytes(12).toString('hex');
    const authority = await makeAuthority(join(directory, 'authority'), [
      `DNS:${registryName}`,
      `IP:${here}`,
      'IP:127.0.0.1',
    ]);
    const login = { username: 'puller', password };
    const registry = await Registry.start({
      directory: join(directory, 'registry'),
      port: await freePort(),
      authority,
      login,
    });
    const mirror = await Registry.start({ directory: join(directory, 'mirror'), port: await freePort(), authority });
    const proxy = await ForwardProxy.start({ [`${registryName}:443`]: registry.port });
    await registry.push('team/app', '1.4', await buildImage({ of: 'app' }));
    await mirror.push('example/cache', '2', await buildImage({ of: 'cache' }));
    const userData = replaced(text, [
      [
        /-----BEGIN[\s\S]*?END CERTIFICATE-----/.exec(text)?.[0] ?? '',
        indented(await readFile(authority.certificate, 'utf8')),
      ],
      ['proxy.example.org:3128', `${here}:${proxy.port}`],
      ['192.0.2.10:5000', `${here}:${mirror.port}`],
      ['192.0.2.10', here],
      ['change-me', password],
    ]);
    return {
      vm: { userData },
      check: async (vm) => {
        await expectPulls(registry, mirror, proxy);
        await expectSettings(vm, proxy.port);
        await expectNoSecret(vm, password);
      },
      end: async () => {
        await proxy.stop();
        await registry.stop();
        await mirror.stop();
      },
    };
  },
};

/** A PEM text where the example has its own. */
function indented(pem: string): string {
  return pem.trim().replaceAll('\n', '\n      ');
}

async function expectPulls(registry: Registry, mirror: Registry, proxy: ForwardProxy): Promise<void> {
  // The one way out led to the private registry only: the mirror was asked directly, and docker.io not at all.
  expect([...new Set(proxy.connections)]).toEqual([`${registryName}:443`]);
  // The tag is asked for by HEAD, and its manifest fetched by digest.
  const mirrored = await mirror.answers();
  expect(mirrored).toContain('200 HEAD /v2/example/cache/manifests/2');
  expect(mirrored).toContainEqual(expect.stringMatching(/^200 GET \/v2\/example\/cache\/blobs\//));
  const answers = await registry.answers();
  expect(answers).toContainEqual(expect.stringMatching(/^401 /));
  expect(answers).toContainEqual(expect.stringMatching(/^200 GET \/v2\/team\/app\/manifests\//));
  expect(answers).toContainEqual(expect.stringMatching(/^200 GET \/v2\/team\/app\/blobs\//));
}

async function expectSettings(vm: TestVm, proxyPort: number): Promise<void> {
  const client = await vm.client();
  const { output } = await inService(client, 'app', ['env']);
  expect(output).toContain(`HTTPS_PROXY=http://${here}:${proxyPort}\n`);
  expect(output).toContain(`NO_PROXY=localhost,127.0.0.1,${here}\n`);
}

async function expectNoSecret(vm: TestVm, password: string): Promise<void> {
  const client = await vm.client();
  const shell = await vm.shell();
  const encoded = Buffer.from(`puller:${password}`).toString('base64');
  const shown: Record<string, string> = {
    status: await shell.output('berth status --json'),
    'generation 1': await shell.output('berth generations 1'),
    generations: JSON.stringify(await client.generations()),
    ledger: JSON.stringify(await client.ledger({ limit: 1000 })),
    why: JSON.stringify(await client.why('app')),
    'logs of agent and engines': await shell.output(
      'cat /var/lib/berth/agent.log /var/lib/berth/system-engine/*.log; berth logs docker',
    ),
    console: await vm.vm.serial(),
    processes: await shell.output('cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2> /dev/null | tr "\\0" "\\n"'),
  };
  for (const [place, said] of Object.entries(shown)) {
    const hasSecret = said.includes(password) || said.includes(encoded);
    // Where nothing shows, no secret shows either: then this looked at nothing.
    expect({ place, isEmpty: said === '', hasSecret }).toEqual({ place, isEmpty: false, hasSecret: false });
  }
  expect(shown['generation 1']).toContain(registryName);
}
