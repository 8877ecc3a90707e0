import type { ConfigChange } from '../config/diff.ts';
import type { StepBase } from '../core/plan.ts';
import { type EngineSettings, sameSettings } from '../engine/engine-settings.ts';

/** A restart of the system's dockerd for other settings. Containers live on (live-restore). */
export interface EngineStep extends StepBase {
  readonly kind: 'restart-engine';
  readonly settings: EngineSettings;
}

/** Where the settings of the system engine are declared. */
const sources = ['berth.engines.system', 'berth.dns', 'berth.proxy', 'berth.registries', 'berth.ca_certificates'];

/** What is to be done to the system engine; nothing when it does not run, for then it starts with what is declared. Pure. */
export function planEngine(
  running: EngineSettings | undefined,
  declared: EngineSettings,
  changes: readonly ConfigChange[],
): EngineStep[] {
  if (running === undefined || sameSettings(running, declared)) return [];
  const [first] = changes.filter(isSource);
  return [
    {
      id: 'restart-engine:system',
      kind: 'restart-engine',
      subject: 'engine/system',
      cost: 'restart-engine',
      reason:
        first === undefined
          ? { kind: 'drift', detail: 'the system engine runs with other settings than declared' }
          : { kind: 'config', key: first.key, change: first.change },
      summary: 'restart the system engine with other settings; its containers run on',
      after: [],
      settings: declared,
    },
  ];
}

/** The keys that a refused restart was for. Pure. */
export function engineKeys(changes: readonly ConfigChange[]): string[] {
  const keys = changes.filter(isSource).map(({ key }) => key);
  return keys.length === 0 ? ['berth.engines.system'] : keys;
}

function isSource({ key }: ConfigChange): boolean {
  return sources.some((source) => key === source || (/^[.[]/.test(key.slice(source.length)) && key.startsWith(source)));
}
