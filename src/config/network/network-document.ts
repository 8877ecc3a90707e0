import { type Diagnostic, formatPath } from '../../core/diagnostic.ts';
import { Place } from '../place.ts';
import { describeValue, isMapping } from '../shape.ts';
import { readYaml } from '../yaml-source.ts';
import type { NetworkConfig } from './network-config.ts';
import { networkShape } from './network-shape.ts';
import { openstackNetwork } from './openstack.ts';

/** `cloud-init`: network-config, version 1 or 2. `openstack`: network_data.json. */
export type NetworkFormat = 'cloud-init' | 'openstack';

export interface NetworkDocument {
  /** How the text is called in diagnostics: `network-config`. */
  readonly file: string;
  readonly text: string;
  readonly format: NetworkFormat;
}

export interface NetworkParseResult {
  /** What could be understood; undefined when nothing was declared or nothing could be read. */
  readonly network: NetworkConfig | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads the network configuration that a datasource hands over beside the user-data. Pure; never throws, whatever the text. */
export function parseNetworkDocument({ file, text, format }: NetworkDocument): NetworkParseResult {
  const diagnostics: Diagnostic[] = [];
  const yaml = readYaml(text, { rulesOf: () => 'cloud-init' });
  for (const { position, path, severity, code, message, hint } of yaml.problems)
    diagnostics.push({ file, ...position, path: formatPath(path), severity, code, message, hint: hint ?? null });
  const root = new Place([], ({ path, at, severity, code, message, hint }) => {
    diagnostics.push({
      file,
      ...yaml.positionOf(path, at),
      path: formatPath(path),
      severity,
      code,
      message,
      hint: hint ?? null,
    });
  });
  const { data } = yaml;
  if (data === undefined || data === null) return { network: undefined, diagnostics };
  if (!isMapping(data)) {
    root.error('wrong-type', `expected a mapping, found ${describeValue(data)}`);
    return { network: undefined, diagnostics };
  }
  if (format === 'openstack') return { network: openstackNetwork.read(data, root), diagnostics };
  // Netplan's own files have a top-level key "network"; cloud-init takes them with and without.
  const isNested = Object.hasOwn(data, 'network');
  if (isNested) {
    const hint = data['network'] === null ? 'indent it, so that it stands below "network"' : undefined;
    for (const key of Object.keys(data).filter((name) => name !== 'network'))
      root.child(key).warn('unknown-key', `"${key}" stands beside "network", so it is not read`, hint, 'key');
  }
  const network = isNested ? networkShape.read(data['network'], root.child('network')) : networkShape.read(data, root);
  return { network, diagnostics };
}
