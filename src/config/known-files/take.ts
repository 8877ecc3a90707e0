import type { HostDraft } from '../host-draft.ts';
import { takeAuthorizedKeyFiles } from './authorized-keys.ts';
import { takeHostKeyFiles } from './host-keys.ts';
import { takeSettingsFiles } from './settings.ts';

/** Takes what declared files say to programs of other systems that Berth has in another form; once all else is taken. */
export function takeKnownFiles(host: HostDraft): void {
  takeSettingsFiles(host);
  takeHostKeyFiles(host);
  takeAuthorizedKeyFiles(host);
}
