import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OwnCheck } from './os-checks.ts';

/** The guard makes a round each five seconds; a machine under load is late. */
const patienceSeconds = 30;

/**
 * Whether the guard makes its rounds: image/os/root/usr/lib/berth/guard. A release whose guard does not would be restarted by the
 * watchdog again and again once it is blessed, and nobody would take it back.
 * @param uptime seconds since the kernel started.
 */
export function guardCheck(runDirectory: string, uptime: () => number): OwnCheck {
  return {
    name: 'guard',
    level: 'required',
    look: async () => {
      const text = await readFile(join(runDirectory, 'guard-alive'), 'utf8').catch(() => '');
      if (!/^\d+\n$/.test(text)) return { holds: false, detail: 'has not made a round yet' };
      const ageSeconds = Math.max(0, Math.round(uptime() - Number(text)));
      return ageSeconds > patienceSeconds
        ? { holds: false, detail: `made its last round ${ageSeconds} seconds ago` }
        : { holds: true, detail: 'makes its rounds' };
    },
  };
}
