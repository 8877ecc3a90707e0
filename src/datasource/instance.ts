import type { DatasourceResult } from './datasource.ts';
import type { HostFacts } from './host-facts.ts';

/** What is remembered of the config that was applied last. */
export interface KnownInstance {
  readonly instanceId: string;
  /** {@link DatasourceResult.digest}. */
  readonly digest: string;
}

/** How a config is to be applied. */
export type Occasion =
  /** Steps that destroy data are allowed, and what is done once per instance is done. */
  | { readonly kind: 'first-boot'; readonly why: 'nothing-known' | 'another-instance' }
  /** The same instance as before. */
  | { readonly kind: 'every-boot'; readonly configChanged: boolean };

/** Whether this is an instance's first boot, as cloud-init tells it: by the instance id alone. Pure. */
export function occasionOf(
  known: KnownInstance | undefined,
  now: Pick<DatasourceResult, 'instanceId' | 'digest'>,
): Occasion {
  if (known === undefined) return { kind: 'first-boot', why: 'nothing-known' };
  if (known.instanceId !== now.instanceId) return { kind: 'first-boot', why: 'another-instance' };
  return { kind: 'every-boot', configChanged: known.digest !== now.digest };
}

/**
 * The instance id where the datasource has no word for it: the machine's UUID, so that another config on the same machine
 * is not another instance. Pure.
 */
export function machineInstanceId({ dmi }: HostFacts): string {
  const uuid = dmi.product_uuid?.toLowerCase();
  // Boards without one of their own say so with one digit only.
  return uuid === undefined || /^[0f-]*$/.test(uuid) ? 'local' : uuid;
}
