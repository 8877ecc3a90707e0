import type { HostConfig } from '../../config/host-config.ts';
import type { PlanContext, ResourcePlan } from '../resource.ts';

/** Read by the guard outside Node: what opens the rescue shell on the console. In memory, so gone after a boot. */
export const consoleHashPath = '/run/berth/console.hash';

/** The password of the rescue shell; without one there is no such shell. Pure. */
export function planConsole(config: HostConfig, context: PlanContext): ResourcePlan {
  const hash = config.console.passwordHash;
  if (hash === undefined && context.text(consoleHashPath) === undefined) return {};
  const content = hash === undefined ? undefined : `${hash}\n`;
  const about = { key: 'berth.console.password_hash', subject: 'host/console' };
  return { files: [{ path: consoleHashPath, content, mode: 0o600, ...about }] };
}
