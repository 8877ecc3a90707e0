import type { HostConfig } from '../../config/host-config.ts';
import type { PlanContext, ResourcePlan } from '../resource.ts';

export interface ObservedNames {
  /** What the kernel says; undefined without one. */
  readonly hostname: string | undefined;
}

/** The host's name: in the kernel, in /etc/hostname and, beside `localhost`, in /etc/hosts. Pure. */
export function planNames(config: HostConfig, { hostname }: ObservedNames, context: PlanContext): ResourcePlan {
  const name = config.hostname;
  if (name === undefined) return {};
  const subject = 'host/hostname';
  const files = [{ path: '/etc/hostname', content: `${name}\n`, mode: 0o644, key: 'hostname', subject }];
  if (config.manageHosts !== false) {
    const content = hostsText(context.baseText('/etc/hosts'), name, config.fqdn);
    files.push({ path: '/etc/hosts', content, mode: 0o644, key: 'hostname', subject: 'host/hosts' });
  }
  if (hostname === undefined || hostname === name) return { files };
  const summary = `name the host ${name}`;
  return { files, steps: [context.step({ kind: 'set-hostname', name }, { subject, key: 'hostname', summary })] };
}

/** hosts(5) with the host's own names on 127.0.1.1, where Debian has them, and `localhost` whatever the image says. */
export function hostsText(base: string, hostname: string, fqdn: string | undefined): string {
  const lines = base.split('\n').filter((line) => line !== '' && !/^127\.0\.1\.1\s/.test(line));
  const hasLocalhost = lines.some((line) => /^127\.0\.0\.1\s.*\blocalhost\b/.test(line));
  const names = [...new Set([fqdn ?? hostname, hostname, hostname.split('.', 1)[0] ?? hostname])];
  const own = `127.0.1.1 ${names.join(' ')}`;
  const at = lines.findIndex((line) => /^127\.0\.0\.1\s/.test(line)) + 1;
  const all = [...(hasLocalhost ? [] : ['127.0.0.1 localhost']), ...lines.slice(0, at), own, ...lines.slice(at)];
  return `${all.join('\n')}\n`;
}
