import type { EngineName, NetworkSpec, VolumeSpec } from '../../config/service-spec.ts';
import type { ContainerConfig, NetworkCreate } from '../../engine/container-engine.ts';
import { digestOf } from '../digest.ts';
import type { DesiredNetwork, DesiredVolume } from '../model.ts';
import { resourceName } from '../names.ts';
import { type Declared, engineOf } from './declared.ts';

/** The networks and volumes that a service uses and that are ours to make. */
export interface DeclaredResources {
  readonly networks: readonly DesiredNetwork[];
  readonly volumes: readonly DesiredVolume[];
}

interface ResourceNames {
  readonly networkName: (network: string) => string;
  readonly volumeName: (volume: string) => string;
}

/** How declared networks and volumes are called on an engine. Pure. */
export function namesOf({ model }: Declared, instance: string): ResourceNames {
  return {
    networkName: (network) => model.networks[network]?.name ?? resourceName(instance, network),
    volumeName: (volume) => model.volumes[volume]?.name ?? resourceName(instance, volume),
  };
}

/** What a service's container needs before it can be created; what is external is somebody else's. Pure. */
export function resourcesOf(declared: Declared, container: ContainerConfig, instance: string): DeclaredResources {
  const { spec, model } = declared;
  const engine = engineOf(spec);
  const { networkName, volumeName } = namesOf(declared, instance);
  const attached = new Set(container.networks.map(({ name }) => name));
  const networks = Object.keys(spec.networks ?? { default: null }).flatMap((network) => {
    const name = networkName(network);
    const isOurs = attached.has(name) && model.networks[network]?.external !== true;
    return isOurs ? [desiredNetwork(name, engine, network, model.networks[network])] : [];
  });
  const volumes = (spec.volumes ?? []).flatMap(({ type, source }) => {
    if (type !== 'volume' || source === undefined || model.volumes[source]?.external === true) return [];
    return [desiredVolume(volumeName(source), engine, source, model.volumes[source])];
  });
  return { networks, volumes };
}

function desiredNetwork(
  name: string,
  engine: EngineName,
  declaredName: string,
  spec: NetworkSpec = {},
): DesiredNetwork {
  const create: NetworkCreate = {
    driver: spec.driver ?? 'bridge',
    driverOptions: { ...spec.driver_opts },
    labels: { ...spec.labels },
    internal: spec.internal ?? false,
    attachable: spec.attachable ?? false,
    enableIpv6: spec.enable_ipv6 ?? false,
    ...(spec.ipam?.driver === undefined ? {} : { ipamDriver: spec.ipam.driver }),
    ipam: (spec.ipam?.config ?? []).map(({ subnet, ip_range, gateway, aux_addresses }) => ({
      ...(subnet === undefined ? {} : { subnet }),
      ...(ip_range === undefined ? {} : { ipRange: ip_range }),
      ...(gateway === undefined ? {} : { gateway }),
      ...(aux_addresses === undefined ? {} : { auxiliaryAddresses: aux_addresses }),
    })),
  };
  return { name, engine, key: `berth.networks.${declaredName}`, digest: digestOf(create), create };
}

function desiredVolume(name: string, engine: EngineName, declaredName: string, spec: VolumeSpec = {}): DesiredVolume {
  const create = { driver: spec.driver ?? 'local', driverOptions: { ...spec.driver_opts }, labels: { ...spec.labels } };
  const rollback = spec['x-berth']?.rollback ?? 'keep';
  return { name, engine, key: `berth.volumes.${declaredName}`, rollback, create };
}
