import { isBerthError } from '../core/errors.ts';
import type { NetworkCreate } from './container-engine.ts';
import { type DockerConnection, segment } from './docker-connection.ts';

/**
 * Creates a network. One of the same name with the same labels is taken as ours from an earlier try, whose answer was lost;
 * throws ENGINE_CONFLICT when the name is taken by another.
 */
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
  try {
    await connection.json({ what: `create network ${name}`, method: 'POST', path: '/networks/create', body, signal });
  } catch (error) {
    if (!isBerthError(error, 'ENGINE_CONFLICT') || !(await isOurs(connection, name, network.labels, signal)))
      throw error;
  }
}

async function isOurs(
  connection: DockerConnection,
  name: string,
  labels: NetworkCreate['labels'],
  signal?: AbortSignal,
): Promise<boolean> {
  const request = {
    what: `inspect network ${name}`,
    method: 'GET',
    path: `/networks/${segment(name)}`,
    signal,
    accept: [404],
  } as const;
  const found =
    (await connection.json<{ readonly Labels: Readonly<Record<string, string>> | null }>(request))?.Labels ?? {};
  const wanted = Object.entries(labels);
  return wanted.length === Object.keys(found).length && wanted.every(([key, value]) => found[key] === value);
}
