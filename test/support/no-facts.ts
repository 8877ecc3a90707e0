import type { HostFacts } from '../../src/datasource/host-facts.ts';

/** A machine that tells nothing of itself. */
export const noFacts: HostFacts = {
  ...{ dmi: {}, oemStrings: [], cmdline: '', fwCfg: [], blockDevices: [], seedFiles: [], guestValues: [] },
  isVirtual: false,
};
