import type { ConfigText } from '../agent/agent-service.ts';
import type { HostConfig } from '../config/host-config.ts';
import { parseConfig } from '../config/parse.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { CliContext } from './context.ts';
import { readConfigTexts } from './files.ts';
import { judgeConfig } from './judge-config.ts';

/** A config that is to be carried to hosts. */
export interface CarriedConfig {
  readonly text: ConfigText;
  readonly config: HostConfig;
  /** Why it is not; empty when nothing speaks against it. */
  readonly objections: readonly Diagnostic[];
}

/**
 * Reads a config that an image or a bundle is made of. What is left out of it would be missed where nobody can mend it, so that
 * every error counts: those of `berth validate` and those of a host that applies it. Throws CONFIG_UNREADABLE.
 */
export async function readCarriedConfig(file: string, context: CliContext): Promise<CarriedConfig> {
  const [text] = await readConfigTexts([file], context);
  if (text === undefined) throw new Error(`${file} was not read`);
  const { config, diagnostics } = parseConfig([text]);
  const hasErrors = (all: readonly Diagnostic[]): boolean => all.some(({ severity }) => severity === 'error');
  return { text, config, objections: [await judgeConfig(text), diagnostics].find(hasErrors) ?? [] };
}
