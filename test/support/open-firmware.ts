import type { KernelGate } from '../../src/update/machine/kernel-gate.ts';

/** A firmware without Secure Boot: it starts whatever it finds. */
export const openFirmware: KernelGate = {
  mark: async () => Promise.resolve(undefined),
  foresee: async () => Promise.resolve(undefined),
  judge: async () => Promise.resolve(undefined),
};
