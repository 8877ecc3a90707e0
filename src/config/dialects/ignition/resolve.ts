import { formatPath, type Problem } from '../../../core/diagnostic.ts';
import { readJson } from '../../json/json-source.ts';
import { Place } from '../../place.ts';
import { translateForIgnition } from '../butane/for-ignition.ts';
import { readTranslated } from '../butane/read-translated.ts';
import { isButane } from '../butane/recognise.ts';
import { contentsOf, type Refuse } from './contents.ts';
import { mergeConfigs } from './merge.ts';
import type { IgnitionConfig, Resource } from './model.ts';
import type { Origins } from './origins.ts';
import { readIgnition } from './read.ts';

/** Longer texts are refused unread; OpenShift's configs, the largest that are seen, have some hundred kB. */
export const maxConfigLength = 4 * 2 ** 20;
/** A config may refer to one that refers to one. */
const maxDepth = 10;

/** What references are followed with. */
export interface ReferenceContext {
  readonly origins: Origins;
  readonly refuse: Refuse;
  readonly leaveToServer: (reference: Resource, place: Place) => void;
}

/**
 * The config that a config means together with those it refers to: `replace` takes its place, each of `merge` is laid over it
 * in turn. Only texts in `data:` URLs are read: the others were put there before, when the config came to the host. Pure.
 */
export function resolveReferences(
  config: IgnitionConfig,
  place: Place,
  context: ReferenceContext,
  depth = 0,
): IgnitionConfig {
  const { replace, merge = [] } = config.ignition?.config ?? {};
  const references = place.child('ignition').child('config');
  const isReplaced = replace?.source !== undefined && replace.source !== '';
  if (isReplaced) return referred(replace, references.child('replace'), context, depth) ?? config;
  return merge.reduce((merged, reference, index) => {
    const child = referred(reference, references.child('merge').child(index), context, depth);
    return child === undefined ? merged : mergeConfigs(merged, child, context.origins);
  }, config);
}

/** A config that is referred to, with those it refers to. */
function referred(
  reference: Resource,
  fallback: Place,
  context: ReferenceContext,
  depth: number,
): IgnitionConfig | undefined {
  const place = context.origins.of(reference, fallback);
  if ((reference.source ?? '') === '') return undefined;
  if (depth >= maxDepth) {
    context.refuse(place, `configs refer to each other more than ${maxDepth} deep`, 'is there a circle?');
    return undefined;
  }
  const text = textOf(reference, place, context);
  if (text === undefined) return undefined;
  const { config, problems } = readText(text);
  // What is wrong in it stands at the reference: it has no lines of this text.
  for (const problem of problems) report(problem, place, context.refuse);
  if (config === undefined) return undefined;
  context.origins.addAt(config, place);
  return resolveReferences(config, place, context, depth + 1);
}

/** Ignition's JSON, or Butane, which Ignition translates itself. */
function readText(text: string): {
  readonly config: IgnitionConfig | undefined;
  readonly problems: readonly Problem[];
} {
  if (isButane(text)) {
    const translation = translateForIgnition(text);
    return { config: readTranslated(translation)?.config, problems: translation.problems };
  }
  const json = readJson(text, maxConfigLength);
  if (json.problems.length > 0) return { config: undefined, problems: json.problems };
  const problems: Problem[] = [];
  const { config } = readIgnition(json.data, new Place([], (problem) => problems.push(problem)));
  return { config, problems };
}

function textOf(reference: Resource, place: Place, context: ReferenceContext): string | undefined {
  const contents = contentsOf(reference, place, context.refuse);
  if (contents?.kind === 'bytes') return contents.bytes.toString('utf8');
  if (contents !== undefined) context.leaveToServer(reference, place);
  return undefined;
}

function report({ severity, path, code, message, hint }: Problem, place: Place, refuse: Refuse): void {
  const what = `in the config it refers to, at ${path.length === 0 ? 'its top' : formatPath(path)}: ${message}`;
  if (severity === 'error') refuse(place, what, hint ?? 'mend the other config');
  else if (severity === 'warning') place.warn(code, what, hint);
  else place.inform(code, what, hint);
}
