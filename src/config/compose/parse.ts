import type { DocumentPath, Problem } from '../../core/diagnostic.ts';
import { didYouMean } from '../near-miss.ts';
import { checkForHost } from './host-checks.ts';
import { interpolate } from './interpolate.ts';
import type { ComposeModel } from './model.ts';
import { type RawCompose, readModel } from './read-model.ts';
import type { ServiceSpec } from './service-keys.ts';

export { composeResourceSchema, composeServiceSchema } from './json-schema.ts';

export interface ParseComposeOptions {
  /** Variables for `${NAME}` and for environment names without a value. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where the mapping with `services`, `networks`, … stands in its document. */
  readonly basePath: DocumentPath;
}

export interface ParsedCompose {
  readonly model: ComposeModel;
  readonly problems: readonly Problem[];
}

const sections = [
  'services',
  'networks',
  'volumes',
  'secrets',
  'configs',
] as const satisfies readonly (keyof ComposeModel)[];

/**
 * Reads the Compose part of a host config from plain data: interpolates, takes short forms and units apart, checks types,
 * values and references to networks, secrets and configs. Whatever has an error is left out and reported; keys that Berth
 * does not run are warnings. Dependencies between services are the caller's to check: the catalogue counts there.
 * Pure; never throws.
 */
export function parseCompose(raw: RawCompose, { environment, basePath }: ParseComposeOptions): ParsedCompose {
  const problems: Problem[] = [];
  const input: Partial<Record<keyof ComposeModel, unknown>> = {};
  for (const section of sections) {
    const interpolated = interpolate(raw[section], environment, [...basePath, section]);
    problems.push(...interpolated.problems);
    input[section] = interpolated.value;
  }
  const read = readModel(input, basePath, false);
  problems.push(...read.problems);
  problems.push(
    ...Object.entries(read.model.services).flatMap(([name, spec]) =>
      checkForHost(spec, [...basePath, 'services', name]),
    ),
  );
  problems.push(...undeclared(read.model, input, basePath));
  return { model: withoutErrors(resolved(read.model, environment), problems, basePath), problems };
}

/** Environment names without a value get the host's, where it has one. */
function resolved(model: ComposeModel, environment: Readonly<Record<string, string>>): ComposeModel {
  const services = Object.entries(model.services).map(
    ([name, spec]) => [name, resolveEnvironment(spec, environment)] as const,
  );
  return { ...model, services: Object.fromEntries(services) };
}

/** The service with each environment variable that has no value here taken from the given ones. */
export function resolveEnvironment(
  spec: ServiceSpec,
  environment: Readonly<Record<string, string | null>>,
): ServiceSpec {
  if (spec.environment === undefined) return spec;
  const valueOf = (name: string): string | null =>
    Object.hasOwn(environment, name) ? (environment[name] ?? null) : null;
  const entries = Object.entries(spec.environment).map(([name, value]) => [name, value ?? valueOf(name)] as const);
  return { ...spec, environment: Object.fromEntries(entries) };
}

/** References to networks, secrets and configs that the text does not declare; a declaration with an error counts as one. */
function undeclared(model: ComposeModel, input: RawCompose, basePath: DocumentPath): Problem[] {
  return Object.entries(model.services).flatMap(([service, spec]) => {
    const path = [...basePath, 'services', service];
    const networks = Object.keys(spec.networks ?? {}).filter((name) => name !== 'default');
    return [
      ...missing(
        'networks',
        networks.map((name) => [name, name] as const),
        input,
        path,
      ),
      ...missing(
        'secrets',
        (spec.secrets ?? []).map(({ source }, index) => [source, index] as const),
        input,
        path,
      ),
      ...missing(
        'configs',
        (spec.configs ?? []).map(({ source }, index) => [source, index] as const),
        input,
        path,
      ),
    ];
  });
}

function missing(
  kind: 'networks' | 'secrets' | 'configs',
  references: readonly (readonly [name: string, at: string | number])[],
  input: RawCompose,
  path: DocumentPath,
): Problem[] {
  const declared = Object.keys(input[kind] ?? {});
  return references.flatMap(([name, at]) => {
    if (declared.includes(name)) return [];
    const noun = kind.slice(0, -1);
    const hint = didYouMean(name, declared) ?? `declare it under "${kind}": {"${name}": …}`;
    const message = `refers to the ${noun} "${name}", which is not declared`;
    return [{ path: [...path, kind, at], severity: 'error', code: 'invalid-value', message, hint } as const];
  });
}

/** The model without the entries of which an error is known. */
function withoutErrors(model: ComposeModel, problems: readonly Problem[], basePath: DocumentPath): ComposeModel {
  const wrong = new Set(
    problems.filter(({ severity }) => severity === 'error').map(({ path }) => entryKey(path.slice(basePath.length))),
  );
  const keep = <T>(section: keyof ComposeModel): Record<string, T> =>
    Object.fromEntries(Object.entries(model[section]).filter(([name]) => !wrong.has(entryKey([section, name]))));
  return {
    services: keep('services'),
    networks: keep('networks'),
    volumes: keep('volumes'),
    secrets: keep('secrets'),
    configs: keep('configs'),
  };
}

function entryKey(path: DocumentPath): string {
  return JSON.stringify(path.slice(0, 2));
}
