import type { ComposeModel } from '../../config/service-spec.ts';
import { digestOf } from '../digest.ts';
import type { Declared } from './declared.ts';
import { type ResolvedService, resolveService, type ServiceContext } from './service.ts';

interface Resolution {
  /** Everything of its own that it was made from, as a text. */
  readonly from: string;
  readonly resolved: ResolvedService;
}

/** Services as they were resolved the last time: of a hundred services, an edited config changes one or two. */
export class Resolutions {
  #surroundings = '';
  #known: ReadonlyMap<string, Resolution> = new Map();

  /** Each service with what it is on this host. */
  resolve(declared: readonly Declared[], context: ServiceContext): readonly (readonly [Declared, ResolvedService])[] {
    const surroundings = surroundingsOf(context);
    const before = surroundings === this.#surroundings ? this.#known : new Map<string, Resolution>();
    const digests = new Map<ComposeModel, string>();
    const known = new Map<string, Resolution>();
    const result = declared.map((one) => {
      const from = declarationOf(one, context, digests);
      const old = before.get(one.name);
      const resolved = old?.from === from ? old.resolved : resolveService(one, context);
      known.set(one.name, { from, resolved });
      return [one, resolved] as const;
    });
    this.#surroundings = surroundings;
    this.#known = known;
    return result;
  }
}

/** What all services are made from, beside what is declared for each. */
function surroundingsOf(context: ServiceContext): string {
  const { connectivity, engines } = context.config;
  const perService = { config: undefined, catalogue: undefined, overlay: undefined, completionTargets: undefined };
  return digestOf({ ...context, ...perService, connectivity, engines });
}

function declarationOf(
  { name, spec, origin, key, model }: Declared,
  { completionTargets }: ServiceContext,
  digests: Map<ComposeModel, string>,
): string {
  const digest = digests.get(model) ?? digestOf({ ...model, services: undefined });
  digests.set(model, digest);
  return JSON.stringify([spec, origin, key, completionTargets.has(name), digest]);
}
