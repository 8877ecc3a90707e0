import type { HostConfig } from '../../config/host-config.ts';
import type { DesiredFile, PlanContext, ResourcePlan } from '../resource.ts';

export interface ObservedNames {
  /** What the kernel says; undefined without one. */
  readonly hostname: string | undefined;
}

const paths = { hostname: '/etc/hostname', hosts: '/etc/hosts' } as const;

/** The host's name: in the kernel, in /etc/hostname and, beside `localhost`, in /etc/hosts. Pure. */
export function planNames(config: HostConfig, { hostname }: ObservedNames, context: PlanContext): ResourcePlan {
  const name = config.hostname ?? formerName(context);
  if (name === undefined) return {};
  // A name that a file gives is written by that; what follows from it, by the running system.
  if (context.options.tree === true && config.files.some(({ path }) => path === paths.hostname)) return {};
  const about = { subject: 'host/hostname', key: 'hostname' };
  const files: DesiredFile[] = [{ path: paths.hostname, content: `${name}\n`, mode: 0o644, ...about }];
  const content =
    hostsOf(config, context) ?? (hostsOf(context.previous, context) === undefined ? undefined : base(context));
  if (content !== undefined)
    files.push({ path: paths.hosts, content, mode: 0o644, key: 'hostname', subject: 'host/hosts' });
  if (hostname === undefined || hostname === name) return { files };
  const summary = `name the host ${name}`;
  return { files, steps: [context.step({ kind: 'set-hostname', name }, { ...about, summary })] };
}

/** The image's name, for a host that had another one until now. */
function formerName(context: PlanContext): string | undefined {
  if (context.previous.hostname === undefined || !context.files.hasDefaults) return undefined;
  const name = context.baseText(paths.hostname).trim();
  return name === '' ? undefined : name;
}

/** /etc/hosts as a config wants it; undefined when it leaves that to the image. */
function hostsOf({ hostname, fqdn, manageHosts }: HostConfig, context: PlanContext): string | undefined {
  if (hostname === undefined || manageHosts === false) return undefined;
  return hostsText(context.baseText(paths.hosts), hostname, fqdn);
}

/** The image's own /etc/hosts; undefined where that is not to be had. */
function base(context: PlanContext): string | undefined {
  return context.files.hasDefaults ? context.baseText(paths.hosts) : undefined;
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
