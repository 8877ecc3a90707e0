import type { DocumentPath, Problem } from '../../core/diagnostic.ts';
import { didYouMean } from '../near-miss.ts';
import { describeValue, isMapping } from '../shape.ts';
import { ComposePlace, type ComposeShape } from './compose-shape.ts';
import type { ComposeModel } from './model.ts';
import { resourceName } from './network-shapes.ts';
import { keepsAll, readUnsupported } from './record-of.ts';
import { type ResourceKind, resourceShapes } from './resources.ts';
import { type ServiceSpec, serviceKey, serviceKeys } from './service-keys.ts';

export type RawCompose = Readonly<Partial<Record<keyof ComposeModel, unknown>>>;

export interface ReadModel {
  readonly model: ComposeModel;
  readonly problems: readonly Problem[];
}

/**
 * Reads interpolated plain data into the model. A service or resource with an error is left out; the others stay.
 * Pure; never throws.
 */
export function readModel(raw: RawCompose, path: DocumentPath, keepsUnsupported: boolean): ReadModel {
  const problems: Problem[] = [];
  const read = <T>(
    kind: keyof ComposeModel,
    readEntry: (value: unknown, place: ComposePlace) => T | undefined,
  ): Record<string, T> => readSection(raw[kind], [...path, kind], { problems, keepsUnsupported }, readEntry);
  const resources = <K extends ResourceKind>(kind: K): ComposeModel[K] =>
    read(kind, (value, place) => (resourceShapes[kind] as ComposeShape<ComposeModel[K][string]>).read(value, place));
  const model = {
    services: read('services', readService),
    networks: resources('networks'),
    volumes: resources('volumes'),
    secrets: resources('secrets'),
    configs: resources('configs'),
  };
  return { model, problems };
}

interface SectionScope {
  readonly problems: Problem[];
  readonly keepsUnsupported: boolean;
}

/** Reads one top-level mapping; an entry with an error is left out. */
function readSection<T>(
  value: unknown,
  path: DocumentPath,
  { problems, keepsUnsupported }: SectionScope,
  readEntry: (value: unknown, place: ComposePlace) => T | undefined,
): Record<string, T> {
  if (value === undefined || value === null) return {};
  const report = (problem: Problem): void => void problems.push(problem);
  if (!isMapping(value)) {
    new ComposePlace(path, { report, keepsUnsupported }).error(
      'wrong-type',
      `expected a mapping, found ${describeValue(value)}`,
    );
    return {};
  }
  const found = Object.entries(value).flatMap(([name, entry]) => {
    const before = problems.length;
    const place = new ComposePlace([...path, name], { report, keepsUnsupported });
    const read = readNamed(name, place, () => readEntry(entry, place));
    const failed = problems.slice(before).some(({ severity }) => severity === 'error');
    return failed || read === undefined ? [] : [[name, read] as const];
  });
  return Object.fromEntries(found);
}

function readNamed<T>(name: string, place: ComposePlace, read: () => T | undefined): T | undefined {
  if (resourceName.test(name)) return read();
  const hint = 'use letters, digits, ".", "_" and "-"';
  place.error('unknown-key', `${JSON.stringify(name)} is not a usable name`, hint, 'key');
  return undefined;
}

/** Reads one service by the table of keys. */
export function readService(value: unknown, place: ComposePlace): ServiceSpec | undefined {
  if (!isMapping(value)) {
    place.error(
      'wrong-type',
      `expected a mapping (a service), found ${describeValue(value)}`,
      'give it at least an "image"',
    );
    return undefined;
  }
  const found = Object.entries(value).flatMap(([key, entry]) => {
    const read = readServiceKey(key, entry, place.child(key));
    return read === undefined ? [] : [[key, read] as const];
  });
  return Object.fromEntries(found);
}

function readServiceKey(key: string, value: unknown, place: ComposePlace): unknown {
  const row = serviceKey(key);
  if (row === undefined) {
    if (key.startsWith('x-')) return keepsAll(place) ? value : undefined;
    const hint = didYouMean(key, Object.keys(serviceKeys)) ?? 'remove it, or write it as an extension: "x-…"';
    place.error('unknown-key', `unknown key ${JSON.stringify(key)} in a service`, hint, 'key');
    return undefined;
  }
  if (row.support.kind === 'runs') return row.shape.read(value, place);
  return readUnsupported(key, { shape: row.shape, ...row.support }, value, place);
}

/** Writes the model in Compose's long form, as `docker compose config` does. */
export function printModel(model: ComposeModel): Record<string, unknown> {
  const services = Object.entries(model.services).map(([name, spec]) => [name, printService(spec)] as const);
  const kinds = Object.keys(resourceShapes) as ResourceKind[];
  const resources = kinds.map((kind) => [kind, printResources(kind, model)] as const);
  return { services: Object.fromEntries(services), ...Object.fromEntries(resources) };
}

function printService(spec: ServiceSpec): Record<string, unknown> {
  const printed = Object.entries(spec).flatMap(([key, value]) => {
    return isLeftOut(key, value) ? [] : [[key, serviceKey(key)?.shape.print(value) ?? value] as const];
  });
  return Object.fromEntries(printed);
}

/** The reference implementation writes no empty text, list or mapping, except where being empty means something. */
function isLeftOut(key: string, value: unknown): boolean {
  if (['command', 'entrypoint', 'healthcheck', 'deploy'].includes(key)) return false;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === '';
}

function printResources(kind: ResourceKind, model: ComposeModel): Record<string, unknown> {
  const shape: ComposeShape<unknown> = resourceShapes[kind];
  return Object.fromEntries(
    Object.entries(model[kind]).map(([name, resource]) => [name, shape.print(resource)] as const),
  );
}
