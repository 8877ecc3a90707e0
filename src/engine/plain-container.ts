import type { ContainerConfig } from './container-engine.ts';

/** A container that asks for nothing special, not even a network, apart from the given changes. Pure. */
export function plainContainer(image: string, changes: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    image,
    environment: [],
    labels: {},
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
