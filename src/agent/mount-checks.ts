import type { MountConfig } from '../config/host-config.ts';
import type { MountTrouble } from '../host/mounts/trouble.ts';
import type { HealthCheck } from '../update/health-gate.ts';

/**
 * A check for every declared mount. What was mounted under the release before must be under a new one, unless the host is
 * fine without it (`nofail`) or its server is not there: then no other release would do better.
 */
export function mountChecks(mounts: readonly MountConfig[], troubles: () => readonly MountTrouble[]): HealthCheck[] {
  return mounts
    .filter(({ options }) => !options.includes('noauto'))
    .map(({ target, options }) => ({
      name: `mount ${target}`,
      level: options.includes('nofail') ? 'wanted' : 'baseline',
      look: async () => {
        const trouble = troubles().find((one) => one.target === target);
        if (trouble === undefined) return Promise.resolve({ holds: true, detail: 'is as declared' });
        const { why, isAway } = trouble;
        return Promise.resolve({ holds: isAway, detail: isAway ? `the server is away: ${why}` : why });
      },
    }));
}
