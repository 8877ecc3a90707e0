import { ec2 } from '../cloud/ec2.ts';
import { gce } from '../cloud/gce.ts';
import type { HostFacts } from '../host-facts.ts';
import { selectDatasource } from '../table.ts';

/** A cloud whose machines have credentials for its object store. */
export type ObjectPlatform = 'ec2' | 'gce';

/** The cloud that a host runs in, wherever its config comes from: by its firmware, else by what the kernel was told. Pure. */
export function objectPlatformOf(facts: HostFacts): ObjectPlatform | undefined {
  if (ec2.matches(facts)) return 'ec2';
  if (gce.matches(facts)) return 'gce';
  const selection = selectDatasource(facts);
  const id = selection.kind === 'selected' ? selection.datasource.id : undefined;
  return id === 'ec2' || id === 'gce' ? id : undefined;
}
