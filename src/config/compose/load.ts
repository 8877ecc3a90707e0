import { posix } from 'node:path';
import { type DocumentPath, formatPath, type Problem } from '../../core/diagnostic.ts';
import { BerthError } from '../../core/errors.ts';
import { didYouMean } from '../near-miss.ts';
import { checkConsistency } from './consistency.ts';
import { extendServices } from './extends.ts';
import { interpolateStrictly } from './interpolate.ts';
import { mergeCompose } from './merge.ts';
import type { ComposeModel } from './model.ts';
import { normalise } from './normalise.ts';
import { resolveEnvironment } from './parse.ts';
import { printModel, readModel } from './read-model.ts';
import { type ComposeLayer, readLayers } from './yaml-layers.ts';

export interface ComposeFile {
  readonly name: string;
  readonly content: string;
}

export interface LoadOptions {
  /** Name of the project; given here it must be a valid one. Else the last file that has a `name` decides. */
  readonly projectName?: string;
  /** Active profiles; `*` is all of them. */
  readonly profiles?: readonly string[];
  /** Other files that `extends` may name, by the path written there. */
  readonly otherFiles?: Readonly<Record<string, string>>;
  /** Folder that relative paths of bind mounts start from; absent: they stay as they are. */
  readonly workingDirectory?: string;
  readonly skipConsistencyCheck?: boolean;
  readonly skipNormalization?: boolean;
  readonly skipInterpolation?: boolean;
}

/** A whole Compose project, as `docker compose config` shows it. */
export interface ComposeProject {
  readonly name: string;
  readonly model: ComposeModel;
  /** The model in Compose's long form: durations and sizes as text. */
  readonly printed: Readonly<Record<string, unknown>>;
  readonly disabledServices: readonly string[];
}

/**
 * Loads a Compose project from its files, later ones over earlier ones, as the reference implementation (compose-go)
 * does: `extends`, merging, interpolation, checking, defaults. Pure: files come in as text.
 * @throws BerthError CONFIG_INVALID with the first problem; a project loads as a whole or not at all.
 */
export function loadComposeProject(
  files: readonly ComposeFile[],
  environment: Readonly<Record<string, string | null>>,
  options: LoadOptions = {},
): ComposeProject {
  const layers = files.flatMap(({ name, content }) => readLayers(name, content));
  if (layers.length === 0) throw new BerthError('CONFIG_INVALID', 'empty Compose file');
  const name = projectName(layers, environment, options.projectName);
  const variables = { ...environment, COMPOSE_PROJECT_NAME: name };
  const merged = mergeLayers(layers, options.otherFiles ?? {});
  const tree = options.skipInterpolation === true ? merged : (interpolateStrictly(merged, variables) as typeof merged);
  checkTopLevel(tree);
  const { model: read, problems } = readModel(tree, [], true);
  throwFirst(problems);
  if (name === '') throw new BerthError('CONFIG_INVALID', 'project name must not be empty');
  const services = Object.entries(read.services).map(
    ([key, spec]) => [key, resolveEnvironment(spec, variables)] as const,
  );
  const { model, disabledServices } = withProfiles(
    { ...read, services: Object.fromEntries(services) },
    options.profiles ?? [],
  );
  const located = options.workingDirectory === undefined ? model : withAbsolutePaths(model, options.workingDirectory);
  const complete = options.skipNormalization === true ? located : normalise(located, name);
  if (options.skipConsistencyCheck !== true) throwFirst(checkConsistency(complete));
  return { name, model: complete, printed: { name, ...printModel(complete) }, disabledServices };
}

function throwFirst(problems: readonly Problem[]): void {
  const first = problems.find(({ severity }) => severity === 'error');
  if (first === undefined) return;
  const hint = first.hint === undefined ? {} : { hint: first.hint };
  throw new BerthError('CONFIG_INVALID', `${formatPath(first.path)}: ${first.message}`, hint);
}

function mergeLayers(
  layers: readonly ComposeLayer[],
  otherFiles: Readonly<Record<string, string>>,
): Record<string, unknown> {
  return layers.reduce<Record<string, unknown>>((base, layer) => {
    const { tree, cleared } = extendServices(layer, otherFiles);
    return mergeCompose(base, tree, cleared);
  }, {});
}

/** Lower case, and only what a project name may hold. */
function normalName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^-_a-z0-9]/g, '')
    .replace(/^[_-]+/, '');
}

function projectName(
  layers: readonly ComposeLayer[],
  environment: Readonly<Record<string, string | null>>,
  given?: string,
): string {
  if (given !== undefined && given !== '') {
    if (normalName(given) === given) return given;
    const rule = 'lower-case letters, digits, "-" and "_", with a letter or digit first';
    throw new BerthError('CONFIG_INVALID', `invalid project name ${JSON.stringify(given)}: it must consist of ${rule}`);
  }
  const names = layers.map(({ tree }) => tree['name']).filter((name) => typeof name === 'string' && name !== '');
  const last = names.at(-1);
  return last === undefined ? '' : normalName(String(interpolateStrictly(last, environment)));
}

const topLevelKeys = ['name', 'version', 'services', 'networks', 'volumes', 'secrets', 'configs', 'models'];

function checkTopLevel(tree: Readonly<Record<string, unknown>>): void {
  const problems = Object.entries(tree).flatMap(([key, value]): Problem[] => {
    if (key === 'include')
      return [problem([key], 'unsupported', 'other Compose files cannot be included here', 'give all files')];
    if (['name', 'version'].includes(key) && typeof value !== 'string')
      return [problem([key], 'wrong-type', `the ${key} must be text`)];
    if (topLevelKeys.includes(key) || key.startsWith('x-')) return [];
    return [problem([key], 'unknown-key', `unknown key "${key}" at the top level`, didYouMean(key, topLevelKeys))];
  });
  throwFirst(problems);
}

function problem(path: DocumentPath, code: string, message: string, hint?: string): Problem {
  return { path, severity: 'error', code, message, ...(hint === undefined ? {} : { hint }) };
}

/** Relative sources of bind mounts joined to the folder; Windows paths are absolute too. */
function withAbsolutePaths(model: ComposeModel, folder: string): ComposeModel {
  const isRelative = (source: string): boolean => !/^([/~]|\\\\|[a-zA-Z]:)/.test(source);
  const services = Object.entries(model.services).map(([name, spec]) => {
    if (spec.volumes === undefined) return [name, spec] as const;
    const volumes = spec.volumes.map((volume) => {
      const { type, source = '' } = volume;
      return type === 'bind' && isRelative(source) ? { ...volume, source: posix.join(folder, source) } : volume;
    });
    return [name, { ...spec, volumes }] as const;
  });
  return { ...model, services: Object.fromEntries(services) };
}

/** Services without profiles, and those of which a profile is active. */
function withProfiles(
  model: ComposeModel,
  active: readonly string[],
): { readonly model: ComposeModel; readonly disabledServices: readonly string[] } {
  const isEnabled = (profiles: readonly string[]): boolean =>
    profiles.length === 0 || active.includes('*') || profiles.some((profile) => active.includes(profile));
  const all = Object.entries(model.services);
  const enabled = all.filter(([, { profiles = [] }]) => isEnabled(profiles));
  const disabledServices = all.filter((entry) => !enabled.includes(entry)).map(([name]) => name);
  return { model: { ...model, services: Object.fromEntries(enabled) }, disabledServices };
}
