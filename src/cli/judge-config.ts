import type { ConfigText } from '../agent/agent-service.ts';
import { type ParseOptions, sortDiagnostics } from '../config/parse.ts';
import { validate } from '../config/validate.ts';
import type { Diagnostic } from '../core/diagnostic.ts';

/** All that is wrong with one config by itself, signatures in it included. */
export async function judgeConfig(text: ConfigText, options: ParseOptions = {}): Promise<readonly Diagnostic[]> {
  const { diagnostics, read } = validate(text, options);
  if (read?.config.update.root === undefined) return diagnostics;
  const { judgeDeclaredRoot } = await import('../update/declared-root.ts');
  return sortDiagnostics([...diagnostics, ...judgeDeclaredRoot(read).diagnostics]);
}
