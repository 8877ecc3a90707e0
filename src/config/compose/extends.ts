import type { DocumentPath } from '../../core/diagnostic.ts';
import { BerthError } from '../../core/errors.ts';
import { isMapping } from '../shape.ts';
import { mergeCompose } from './merge.ts';
import { type ComposeLayer, readLayers } from './yaml-layers.ts';

type Tree = Readonly<Record<string, unknown>>;
type Files = Readonly<Record<string, string>>;

/**
 * The layer with each service laid over the one it `extends`, in the same file or in another one.
 * @throws BerthError CONFIG_INVALID for a service or file that is not there, or services that extend each other.
 */
export function extendServices(layer: ComposeLayer, files: Files): ComposeLayer {
  const { tree } = layer;
  const services = tree['services'];
  if (!isMapping(services)) return layer;
  const extended = Object.keys(services).map((name) => [name, extendService(name, layer, files, [])] as const);
  return { ...layer, tree: { ...tree, services: Object.fromEntries(extended) } };
}

function extendService(name: string, layer: ComposeLayer, files: Files, chain: readonly string[]): unknown {
  const { tree, cleared } = layer;
  const services = isMapping(tree['services']) ? tree['services'] : {};
  const service = services[name];
  const target = targetOf(service);
  if (target === undefined || !isMapping(service)) return service;
  if (target.service === undefined) throw fail(`services.${name}.extends: no service is named`);
  const step = `${target.file ?? ''}#${target.service}`;
  if (chain.includes(step)) throw fail(`services.${name}.extends: the services extend each other`);
  const source = target.file === undefined ? layer : fileLayer(target.file, files, name);
  const bases = isMapping(source.tree['services']) ? source.tree['services'] : {};
  if (!Object.hasOwn(bases, target.service)) {
    throw fail(`services.${name}.extends: there is no service "${target.service}" in ${target.file ?? 'this file'}`);
  }
  const base = extendService(target.service, source, files, [...chain, step]);
  const own = Object.fromEntries(Object.entries(service).filter(([key]) => key !== 'extends'));
  return overlay(isMapping(base) ? base : {}, own, name, cleared);
}

function overlay(base: Tree, own: Tree, name: string, cleared: readonly DocumentPath[]): unknown {
  const merged = mergeCompose({ services: { [name]: base } }, { services: { [name]: own } }, cleared);
  return (merged['services'] as Record<string, unknown>)[name];
}

interface Target {
  readonly service: string | undefined;
  readonly file: string | undefined;
}

function targetOf(service: unknown): Target | undefined {
  const value = isMapping(service) ? service['extends'] : undefined;
  if (typeof value === 'string') return { service: value, file: undefined };
  if (!isMapping(value)) return undefined;
  const { service: target, file } = value;
  return {
    service: typeof target === 'string' ? target : undefined,
    file: typeof file === 'string' ? file : undefined,
  };
}

function fileLayer(file: string, files: Files, service: string): ComposeLayer {
  const content = Object.hasOwn(files, file) ? files[file] : undefined;
  if (content === undefined) throw fail(`services.${service}.extends: the file "${file}" is not there`);
  const [first, ...more] = readLayers(file, content);
  if (first === undefined) throw fail(`${file}: empty Compose file`);
  return more.reduce<ComposeLayer>(
    (base, { tree, cleared }) => ({ tree: mergeCompose(base.tree, tree, cleared), cleared: [] }),
    first,
  );
}

function fail(message: string): BerthError {
  return new BerthError('CONFIG_INVALID', message);
}
