import type { ContainerConfig } from '../../src/engine/container-engine.ts';

/** Everything that the contract suite makes has it. */
export const contractLabel = 'berth.test.contract';

/** A container that does nothing special. */
export function plainContainer(image: string, changes: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    image,
    environment: [],
    labels: { [contractLabel]: 'yes' },
    tty: false,
    openStdin: false,
    mounts: [],
    tmpfs: {},
    networkMode: 'none',
    networks: [],
    exposedPorts: [],
    ports: [],
    privileged: false,
    capabilitiesAdd: [],
    capabilitiesDrop: [],
    securityOptions: [],
    readOnlyRoot: false,
    groups: [],
    devices: [],
    deviceCgroupRules: [],
    ulimits: [],
    sysctls: {},
    restart: { name: 'no' },
    extraHosts: [],
    dns: [],
    dnsSearch: [],
    dnsOptions: [],
    ...changes,
  };
}
