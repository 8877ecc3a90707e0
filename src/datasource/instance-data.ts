import type { DatasourceResult } from './datasource.ts';

/** What the machine itself adds to what templates can name. */
export interface MachineFacts {
  readonly kernelRelease: string;
  /** `x86_64`. */
  readonly machine: string;
  readonly version: string;
}

/**
 * What a template can name: cloud-init's standardised keys, below `v1` and at the top, and what the datasource knows below
 * `ds.meta_data`. Pure. Source: https://docs.cloud-init.io/en/latest/explanation/instancedata.html, version 26.2.
 */
export function instanceDataOf(
  { id, origin, instanceId, metaData }: DatasourceResult,
  { kernelRelease, machine, version }: MachineFacts,
): Readonly<Record<string, unknown>> {
  const { hostname, publicKeys, availabilityZone, raw } = metaData;
  const region = typeof raw['region'] === 'string' ? raw['region'] : undefined;
  const v1 = {
    ...(availabilityZone === undefined ? {} : { 'availability-zone': availabilityZone }),
    ...(region === undefined ? {} : { region }),
    'cloud-id': id,
    'cloud-name': id,
    distro: 'berth',
    'distro-version': version,
    'instance-id': instanceId,
    'kernel-release': kernelRelease,
    ...(hostname === undefined ? {} : { 'local-hostname': hostname }),
    machine,
    platform: id,
    'public-ssh-keys': publicKeys,
    subplatform: origin,
    'system-platform': `Linux-${kernelRelease}-${machine}`,
    variant: 'berth',
  };
  return { ...v1, v1, ds: { 'meta-data': raw } };
}
