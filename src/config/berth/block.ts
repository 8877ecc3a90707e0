import type { Problem } from '../../core/diagnostic.ts';
import { parseCompose } from '../compose/parse.ts';
import type { DialectContext } from '../dialects/dialect.ts';
import type { HostDraft } from '../host-draft.ts';
import { type KeyedValue, takeKeys } from '../key-table.ts';
import { didYouMean } from '../near-miss.ts';
import type { Place } from '../place.ts';
import { describeKey } from '../shape.ts';
import { BerthDraft } from './draft.ts';
import { berthKeys } from './keys.ts';
import { checkServices } from './services.ts';

/** Takes the keys of a `berth` block, with each one's value and place, into the host config. */
export function takeBerthBlock(values: readonly KeyedValue[], host: HostDraft, context: DialectContext): void {
  const draft = new BerthDraft(host, context);
  takeKeys(berthKeys, values, draft, ({ key, value, place }, hint) =>
    place.error('unknown-key', `unknown key ${describeKey(key, value)} under berth`, hint, 'key'),
  );
  takeEnabled(draft);
  takeCompose(draft);
}

/** What is enabled must be in the catalogue (where that is known), or a service of one's own. */
function takeEnabled({ enable, host, context: { catalogue }, compose }: BerthDraft): void {
  const own = Object.keys(compose.get('services')?.value ?? {});
  for (const { value: name, place } of enable) {
    if (catalogue === undefined || catalogue.includes(name) || own.includes(name)) {
      host.enable(name, place);
      continue;
    }
    const hint = didYouMean(name, [...catalogue, ...own]) ?? `the catalogue has ${catalogue.join(', ')}`;
    place.error('unknown-service', `neither the catalogue nor berth.services has a service "${name}"`, hint);
  }
}

function takeCompose(draft: BerthDraft): void {
  const { host, context, compose } = draft;
  const raw = Object.fromEntries([...compose].map(([part, { value }]) => [part, value]));
  const { model, problems } = parseCompose(raw, {
    environment: { ...context.environment, ...draft.environment },
    basePath: [],
  });
  for (const problem of problems) {
    const [part] = problem.path;
    const place = [...compose].find(([name]) => name === part)?.[1].place;
    if (place !== undefined) report(place, problem);
  }
  host.config.compose = structuredClone(model) as typeof host.config.compose;
  const services = compose.get('services');
  if (services !== undefined) checkServices(model.services, services, host.config.enable, context.catalogue);
}

function report(section: Place, { path, severity, code, message, hint, at }: Problem): void {
  const place = path.slice(1).reduce((parent, part) => parent.child(part), section);
  if (severity === 'error') place.error(code, message, hint, at);
  else if (severity === 'warning') place.warn(code, message, hint, at);
  else place.inform(code, message, hint, at);
}
