import type { DialectContext } from '../dialects/dialect.ts';
import type { HostDraft } from '../host-draft.ts';
import type { Located } from '../shape.ts';

/** The top-level keys of Compose that stand under `berth`. */
export const composeParts = ['services', 'networks', 'volumes', 'secrets', 'configs'] as const;
export type ComposePart = (typeof composeParts)[number];

/** A host config while the `berth` block is taken. */
export class BerthDraft {
  readonly host: HostDraft;
  readonly context: DialectContext;
  /** `berth.enable`, checked when all services are known. */
  readonly enable: Located<string>[] = [];
  /** `berth.environment`. */
  environment: Readonly<Record<string, string>> = {};
  /** The Compose parts as they stand in the text. */
  readonly compose = new Map<ComposePart, Located<Readonly<Record<string, unknown>>>>();

  constructor(host: HostDraft, context: DialectContext) {
    this.host = host;
    this.context = context;
  }
}
