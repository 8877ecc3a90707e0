import { runCommand } from '../../../src/engine/run-command.ts';

/** A bridge of its own for one test engine, and the address pool for the networks it will make. */
export interface TestNetwork {
  readonly bridge: string;
  /** `10.N`. */
  readonly prefix: string;
}

/** Takes a free 10.N.0.0/16. Creating the bridge is the lock against others doing the same now. */
export async function takeNetwork(): Promise<TestNetwork> {
  const inUse = await runCommand('ip', ['-o', '-4', 'addr', 'show']);
  const start = process.pid % 50;
  for (let offset = 0; offset < 50; offset += 1) {
    const number = 200 + ((start + offset) % 50);
    const network = { bridge: `bthtest${number}`, prefix: `10.${number}` };
    if (inUse.includes(` ${network.prefix}.`)) continue;
    try {
      await runCommand('ip', ['link', 'add', network.bridge, 'type', 'bridge']);
    } catch {
      continue;
    }
    await runCommand('ip', ['addr', 'add', `${network.prefix}.0.1/24`, 'dev', network.bridge]);
    await runCommand('ip', ['link', 'set', network.bridge, 'up']);
    return network;
  }
  throw new Error('no free network for a test engine: 10.200.0.0 to 10.249.0.0 are all in use');
}

/** Removes the bridge and every other bridge in its address pool. */
export async function returnNetwork(network: TestNetwork): Promise<void> {
  const addresses = await runCommand('ip', ['-o', '-4', 'addr', 'show']);
  const links = addresses
    .split('\n')
    .filter((line) => line.includes(` ${network.prefix}.`))
    .map((line) => /^\d+: (\S+)/.exec(line)?.[1])
    .filter((name) => name !== undefined);
  for (const link of new Set([...links, network.bridge]))
    await runCommand('ip', ['link', 'del', link]).catch(() => undefined);
}

/** dockerd's settings for it. */
export function networkConfig(network: TestNetwork): Record<string, unknown> {
  return { bridge: network.bridge, 'default-address-pools': [{ base: `${network.prefix}.128.0/17`, size: 24 }] };
}
