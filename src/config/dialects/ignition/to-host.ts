import type { HostDraft } from '../../host-draft.ts';
import type { Place } from '../../place.ts';
import { takeAccounts } from './host/accounts.ts';
import { HostContext } from './host/context.ts';
import { takeStorage } from './host/disks.ts';
import { takeNodes } from './host/files.ts';
import { takeKernelArguments, takeSection } from './host/section.ts';
import { takeUnits } from './host/units.ts';
import type { IgnitionConfig } from './model.ts';
import { Origins } from './origins.ts';
import { resolveReferences } from './resolve.ts';

/**
 * Declares on the host what a config says, together with the configs it refers to. What Berth does not do is a warning at its
 * place; what it must not leave out is also in `refused`, and nothing is applied then. Pure.
 * @param place of the document, from {@link readIgnition}.
 * @param origins where the parts of the config stand, when not all of it is of one document.
 */
export function ignitionToHost(
  config: IgnitionConfig,
  place: Place,
  host: HostDraft,
  origins: Origins = originsOf(config, place),
): void {
  const context = new HostContext(host, origins);
  const whole = resolveReferences(config, place, { origins, refuse: context.refuse });
  takeSection(whole.ignition ?? {}, place.child('ignition'), context);
  takeKernelArguments(whole, place, context);
  takeAccounts(whole.passwd ?? {}, place.child('passwd'), context);
  takeStorage(whole.storage ?? {}, place.child('storage'), context);
  takeNodes(whole.storage ?? {}, place.child('storage'), context);
  takeUnits(whole, place, context);
}

function originsOf(config: IgnitionConfig, place: Place): Origins {
  const origins = new Origins();
  origins.add(config, place);
  return origins;
}
