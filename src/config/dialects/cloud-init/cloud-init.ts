import type { Diagnostic } from '../../../core/diagnostic.ts';
import { takeBerthBlock } from '../../berth/block.ts';
import { warnOfOwnPermit } from '../../berth/own-permit.ts';
import { emptyHostConfig } from '../../host-config.ts';
import { reportImageAccounts } from '../../image-accounts.ts';
import { takeKeys } from '../../key-table.ts';
import { takeKnownFiles } from '../../known-files/take.ts';
import { describeKey } from '../../shape.ts';
import { isUserData } from '../../user-data/part-types.ts';
import { readUserData } from '../../user-data/read-user-data.ts';
import type { Dialect, DialectContext, DialectResult, SourceFile, SourcePosition } from '../dialect.ts';
import { CloudInitDraft } from './draft.ts';
import { cloudInitKeys } from './keys.ts';
import { withKeyAdvice } from './mistaken-keys.ts';
import { takeLogTargets } from './rsyslog.ts';
import { sealUserData } from './seal.ts';
import { judgeUserData } from './verdict.ts';

/** cloud-init's user-data in all of its forms, with the block `berth` for what it has no word for. */
export const cloudInit = {
  name: 'cloud-init',
  title: '#cloud-config',
  recognises: isUserData,
  parse,
  judge: (file) => {
    const verdict = judgeUserData(file);
    return { ...verdict, diagnostics: verdict.diagnostics.map(withKeyAdvice) };
  },
  seal: sealUserData,
} as const satisfies Dialect;

function parse(files: readonly SourceFile[], context: DialectContext): DialectResult {
  const diagnostics: Diagnostic[] = [];
  const document = readUserData(files, (diagnostic) => diagnostics.push(diagnostic));
  if (document === undefined) return { config: emptyHostConfig, diagnostics, sources: () => new Map() };

  const draft = new CloudInitDraft(context.hashPassword);
  takeKeys(cloudInitKeys, document.keys, draft, ({ key, value, place }, hint) => {
    // cloud-init itself reports an unknown key as a warning at boot, and goes on.
    place.warn('unknown-key', `unknown key ${describeKey(key, value)}`, hint, 'key');
  });
  if (document.scripts.length > 0)
    draft.host.config.commands = { ...draft.host.commands, scripts: document.scripts.map((script) => ({ ...script })) };
  draft.finish();
  takeBerthBlock(document.berth, draft.host, context);
  warnOfOwnPermit(draft.host);
  takeLogTargets(draft);
  takeKnownFiles(draft.host);
  reportImageAccounts(draft.host);

  let sources: ReadonlyMap<string, SourcePosition> | undefined;
  return {
    config: draft.host.config,
    diagnostics: diagnostics.map(withKeyAdvice),
    sources: () => (sources ??= document.sources(draft.host.named)),
  };
}
