import type { NetworkCreate } from './container-engine.ts';
import type { DockerConnection } from './docker-connection.ts';

/** Creates a network. Throws ENGINE_CONFLICT when the name is taken. */
export async function createNetwork(
  connection: DockerConnection,
  name: string,
  network: NetworkCreate,
  signal?: AbortSignal,
): Promise<void> {
  const ipam = network.ipam.map((pool) => ({
    Subnet: pool.subnet,
    IPRange: pool.ipRange,
    Gateway: pool.gateway,
    AuxiliaryAddresses: pool.auxiliaryAddresses,
  }));
  const body = {
    Name: name,
    // Names are unique without asking only from API 1.44 on.
    CheckDuplicate: true,
    Driver: network.driver,
    Options: network.driverOptions,
    Labels: network.labels,
    Internal: network.internal,
    Attachable: network.attachable,
    EnableIPv6: network.enableIpv6,
    IPAM: { Driver: network.ipamDriver ?? 'default', Config: ipam },
  };
  await connection.json({ what: `create network ${name}`, method: 'POST', path: '/networks/create', body, signal });
}
