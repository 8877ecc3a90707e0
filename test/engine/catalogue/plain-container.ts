import type { ContainerConfig } from '../../../src/engine/container-engine.ts';
import { containerConfig } from '../../../src/services/container-config.ts';

/** A busybox without anything special, on the host's network. */
export const plainContainer: ContainerConfig = containerConfig(
  { image: 'berth/busybox:latest', network_mode: 'host' },
  {
    service: 'plain',
    engine: 'system',
    networkName: (network) => network,
    volumeName: (volume) => volume,
    containerNameOf: (service) => service,
    fileMounts: [],
    hostEnvironment: {},
    hostDns: { servers: [], search: [], options: [] },
    logging: { driver: 'local', options: {} },
  },
);
