import type { HostConfig } from '../../config/host-config.ts';
import { withBlock } from '../block-text.ts';
import type { DesiredFile, PlanContext, ResourcePlan } from '../resource.ts';

export interface ObservedLocale {
  /** False when the image does not have the declared locale. */
  readonly isKnown: boolean;
}

const environmentFile = '/etc/environment';
const localeFile = '/etc/default/locale';
/** These need no data. */
const builtIn = /^(C|POSIX|C\.(UTF-8|utf8))$/;

/** What programs of the host find in their environment: the proxies, in both spellings that programs look for. Pure. */
export function planProxy(config: HostConfig, context: PlanContext): ResourcePlan {
  const variables = proxyVariables(config);
  if (variables.length === 0 && proxyVariables(context.previous).length === 0) return {};
  const lines = variables.flatMap(([name, value]) => [`${name}=${value}`, `${name.toUpperCase()}=${value}`]);
  const hasPassword = lines.some((line) => /:\/\/[^/@]*:[^/@]*@/.test(line));
  const file: DesiredFile = {
    path: environmentFile,
    content: withBlock(context.baseText(environmentFile), 'proxy', lines),
    mode: hasPassword ? 0o600 : 0o644,
    key: 'berth.proxy',
    subject: 'host/proxy',
  };
  return { files: [file] };
}

function proxyVariables({ connectivity: { proxy } }: HostConfig): [string, string][] {
  const variables: [string, string | undefined][] = [
    ['http_proxy', proxy.http],
    ['https_proxy', proxy.https],
    ['no_proxy', proxy.noProxy.length === 0 ? undefined : proxy.noProxy.join(',')],
  ];
  return variables.filter((entry): entry is [string, string] => entry[1] !== undefined);
}

/** LANG of the host's own programs. Pure. */
export function planLocale(config: HostConfig, { isKnown }: ObservedLocale, context: PlanContext): ResourcePlan {
  const { locale } = config;
  const about = { key: 'locale', subject: 'host/locale' };
  if (locale === undefined) {
    if (context.previous.locale === undefined) return {};
    const base = context.files.hasDefaults ? context.baseText(localeFile) : '';
    return { files: [{ path: localeFile, content: base === '' ? undefined : base, mode: 0o644, ...about }] };
  }
  if (!isKnown) {
    const why = `the image does not have the locale ${locale}`;
    return { blocked: [{ ...about, why, until: 'config', hint: 'use C.UTF-8; services set their own LANG' }] };
  }
  return { files: [{ path: localeFile, content: `LANG=${locale}\n`, mode: 0o644, ...about }] };
}

/** Where the data of a locale would be; undefined when it needs none. */
export function localePath(locale: string): string | undefined {
  return builtIn.test(locale) ? undefined : `/usr/lib/locale/${locale.replace(/\.UTF-8$/i, '.utf8')}`;
}
