import type { HostConfig } from '../../config/host-config.ts';
import type { HostPorts } from '../ports.ts';
import { localePath, type ObservedLocale } from './plan.ts';

export async function observeLocale({ locale }: HostConfig, { files }: HostPorts): Promise<ObservedLocale> {
  const path = locale === undefined ? undefined : localePath(locale);
  return { isKnown: path === undefined || (await files.exists(path)) };
}
