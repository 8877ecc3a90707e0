import type { HostDraft } from '../../host-draft.ts';
import { reportImageAccounts } from '../../image-accounts.ts';
import { takeKnownFiles } from '../../known-files/take.ts';
import type { Place } from '../../place.ts';
import { takeAccounts } from './host/accounts.ts';
import { HostContext, type HostOptions } from './host/context.ts';
import { takeStorage } from './host/disks.ts';
import { takeNodes } from './host/files.ts';
import { takeKernelArguments, takeSection } from './host/section.ts';
import { takeUnits } from './host/units.ts';
import type { IgnitionConfig } from './model.ts';
import { resolveReferences } from './resolve.ts';

/**
 * Declares on the host what a config says, together with the configs it refers to. What Berth does not do is a warning at its
 * place; what it must not leave out is also in `refused`, and nothing is applied then. Pure.
 * @param place of the document, from {@link readIgnition}.
 */
export function ignitionToHost(config: IgnitionConfig, place: Place, host: HostDraft, options: HostOptions): void {
  const context = new HostContext(host, options);
  const { refuse, leaveToServer } = context;
  const whole = resolveReferences(config, place, { origins: options.origins, refuse, leaveToServer });
  takeSection(whole.ignition ?? {}, place.child('ignition'), context);
  takeKernelArguments(whole, place, context);
  takeAccounts(whole.passwd ?? {}, place.child('passwd'), context);
  takeStorage(whole.storage ?? {}, place.child('storage'), context);
  takeNodes(whole.storage ?? {}, place.child('storage'), context);
  takeKnownFiles(host);
  reportImageAccounts(host);
  takeUnits(whole, place, context);
}
