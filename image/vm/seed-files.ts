import type { Seed } from './vm-spec.ts';

/** A file of a config volume. */
export interface SeedFile {
  /** Relative, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** The files of a NoCloud volume. Source: cloud-init's documentation, "NoCloud". Pure. */
export function noCloudFiles(seed: Seed): SeedFile[] {
  const metadata = {
    'instance-id': seed.instanceId,
    ...(seed.hostname === undefined ? {} : { 'local-hostname': seed.hostname }),
    ...(seed.publicKeys === undefined ? {} : { 'public-keys': seed.publicKeys }),
  };
  return [
    { path: 'user-data', text: seed.userData },
    // JSON is YAML.
    { path: 'meta-data', text: `${JSON.stringify(metadata, null, 2)}\n` },
    ...optional('vendor-data', seed.vendorData),
    ...optional('network-config', seed.networkConfig),
  ];
}

/** The files of a config drive. Source: OpenStack Nova's documentation, "Config drives". Pure. */
export function configDriveFiles(seed: Seed): SeedFile[] {
  const keys = (seed.publicKeys ?? []).map((key, index) => [`key-${index}`, key]);
  const metadata = {
    uuid: seed.instanceId,
    ...(seed.hostname === undefined ? {} : { hostname: seed.hostname, name: seed.hostname }),
    ...(keys.length === 0 ? {} : { public_keys: Object.fromEntries(keys) as Record<string, string> }),
  };
  // `cloud-init` is the key by which its vendor data is told from other programs'.
  const vendorData =
    seed.vendorData === undefined ? undefined : `${JSON.stringify({ 'cloud-init': seed.vendorData })}\n`;
  return [
    { path: 'openstack/latest/meta_data.json', text: `${JSON.stringify(metadata)}\n` },
    { path: 'openstack/latest/user_data', text: seed.userData },
    ...optional('openstack/latest/vendor_data.json', vendorData),
    ...optional('openstack/latest/network_data.json', seed.networkConfig),
  ];
}

function optional(path: string, text: string | undefined): SeedFile[] {
  return text === undefined ? [] : [{ path, text }];
}
