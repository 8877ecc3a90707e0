import { SecretBlanker } from '../config/blank-secrets.ts';
import { type ConfigChange, diffConfigs } from '../config/diff.ts';
import { emptyHostConfig, type HostConfig } from '../config/host-config.ts';
import { withImportedKeys } from '../config/imported-keys.ts';
import { blankNamedSecrets } from '../config/named-secrets.ts';
import { type ParseResult, parseConfig, sealPasswords, sortDiagnostics } from '../config/parse.ts';
import { secretsOf } from '../config/redact.ts';
import type { ComposeModel } from '../config/service-spec.ts';
import type { EffectiveKey } from '../config/user-data/explain.ts';
import { parsePath } from '../config/user-data/key-path.ts';
import { localFile, withLocalKey } from '../config/user-data/local-text.ts';
import { isUserData } from '../config/user-data/part-types.ts';
import { readUserData } from '../config/user-data/read-user-data.ts';
import type { Diagnostic, DocumentPath } from '../core/diagnostic.ts';
import { BerthError } from '../core/errors.ts';
import { availableServices } from '../services/available.ts';
import type { DesiredContext } from '../services/desired/context.ts';
import { Resolutions } from '../services/desired/resolutions.ts';
import { desiredServices } from '../services/desired.ts';
import type { EngineView } from '../services/host-sources.ts';
import type { Desired, DesiredChange, ImageReturn } from '../services/model.ts';
import type { ServiceStatus } from '../services/status.ts';
import { judgeDeclaredRoot } from '../update/declared-root.ts';
import type { ApplyRequest, ConfigText } from './agent-service.ts';
import { explainChange } from './changes.ts';
import type { EngineSet } from './engine-set.ts';
import { digestConfig, type GenerationStore } from './generation-store.ts';
import { foreignEngineDiagnostics } from './host-diagnostics.ts';
import { imageReturns } from './image-returns.ts';
import type { KeyImports } from './key-imports.ts';
import { keepLastGood } from './last-good.ts';
import type { OverlayStore } from './operator-overlay.ts';

/** The catalogue as it is on this host. */
export interface HostCatalogue {
  /** What each service is for, in a sentence, by name. */
  readonly descriptions: ReadonlyMap<string, string>;
  /** What each service is under a config, with the networks, volumes and files it brings. */
  readonly modelsFor: (config: HostConfig) => ReadonlyMap<string, ComposeModel>;
}

export interface DeclarationDependencies {
  readonly instance: string;
  readonly filesDirectory: string;
  readonly catalogue: HostCatalogue;
  /** What Berth's own user engine sees of the machine's files. */
  readonly engineView?: EngineView;
  readonly engines: EngineSet;
  readonly overlay: OverlayStore;
  readonly generations: GenerationStore;
  /** The OS release that runs; null where it is not Berth's. */
  readonly release: () => string | null;
  readonly environment: Readonly<Record<string, string>>;
  /** This host's secret for the salts of clear-text passwords, which are never stored. */
  readonly passwordSeed: string;
  /** Keys of users that come from other sites. */
  readonly keyImports?: Pick<KeyImports, 'known' | 'follow'>;
}

/** A request worked out: what it declares, and what that changes. */
export interface Prepared {
  readonly files: readonly ConfigText[];
  readonly source: string;
  readonly config: HostConfig;
  readonly parsed: ParseResult;
  /** Keys that are broken now and keep what the config before said. */
  readonly kept: readonly string[];
  readonly desired: Desired;
  readonly change: DesiredChange;
  readonly changes: readonly ConfigChange[];
}

/** What is declared at present, and how a request would change it. */
export class Declaration {
  readonly #deps: DeclarationDependencies;
  #config: HostConfig = emptyHostConfig;
  #sources: ParseResult['sources'] = () => new Map();
  #secrets = new SecretBlanker([]);
  #generation = 0;
  #place: readonly ConfigText[] = [];
  #last: Prepared | undefined;
  readonly #resolutions = new Resolutions();

  constructor(deps: DeclarationDependencies) {
    this.#deps = deps;
  }

  get config(): HostConfig {
    return this.#config;
  }

  /** 0 when nothing is declared yet. */
  get generation(): number {
    return this.#generation;
  }

  /** `file:line` of a key of the current config; null when it is not declared. */
  placeOf(key: string): string | null {
    const position = this.#sources().get(key);
    return position === undefined ? null : `${position.file}:${position.line}`;
  }

  /** What the place gives this machine: files that are applied from now on go over it. */
  stand(place: readonly ConfigText[]): void {
    this.#place = place;
  }

  /** Throws CONFIG_INVALID when a text cannot be read at all: then everything stays as it is. */
  prepare(request: ApplyRequest, before: Desired): Prepared {
    const files = sealPasswords(this.#textsOf(request), this.#deps.passwordSeed);
    // The same texts again: nothing to work out.
    const last = this.#last;
    if (last !== undefined && last.desired === before && JSON.stringify(last.files) === JSON.stringify(files)) {
      const imageReturns = this.#imageReturns(request, last.desired);
      return { ...last, change: { causes: {}, removals: {}, imageReturns }, changes: [] };
    }
    const source =
      'generation' in request ? `generation ${request.generation}` : files.map(({ file }) => file).join(', ');
    const parsed = this.#parse(files);
    const own = this.#deps.engines.isOwn('user') ? [] : foreignEngineDiagnostics(parsed.config, parsed, files);
    if (parsed.diagnostics.some(({ severity, path }) => severity === 'error' && path === '')) {
      throw new BerthError('CONFIG_INVALID', `${source} cannot be read as a config; nothing was changed`, {
        details: { diagnostics: parsed.diagnostics },
        hint: `berth validate ${source}`,
      });
    }
    const judged = judgeDeclaredRoot(parsed);
    const found = [...parsed.diagnostics, ...judged.diagnostics];
    const { config, kept } = keepLastGood(judged.config, found, this.#generation === 0 ? undefined : this.#config);
    const desired = this.resolve(config);
    const changes = diffConfigs(this.#config, config);
    const explained = explainChange(before, desired, changes, { kind: 'config', key: 'berth', change: 'changed' });
    const change = { ...explained, imageReturns: this.#imageReturns(request, desired) };
    const diagnostics = sortDiagnostics([...found, ...own]);
    return { files, source, config, parsed: { ...parsed, diagnostics }, kept, desired, change, changes };
  }

  /** A generation is its images, too: what its references stood for when it ran last. */
  #imageReturns(request: ApplyRequest, desired: Desired): Readonly<Record<string, ImageReturn>> {
    const { generations } = this.#deps;
    return 'generation' in request ? imageReturns(generations.ran(request.generation), desired) : {};
  }

  /** Throws USAGE for what is no key. */
  #textsOf(request: ApplyRequest): readonly ConfigText[] {
    const { generations } = this.#deps;
    if ('generation' in request) return generations.files(request.generation);
    const local = this.#declared.filter(({ layer }) => layer === 'local');
    if ('files' in request) return [...this.#place, ...request.files, ...local];
    const path = keyPath(request.set.key);
    const text = withLocalKey(local[0]?.text, path, request.set.value);
    const others = this.#declared.filter(({ layer }) => layer !== 'local');
    return text === undefined ? others : [...others, { file: localFile, text, layer: 'local' }];
  }

  /** The texts of what is declared at present. */
  get #declared(): readonly ConfigText[] {
    const { generations } = this.#deps;
    const current = generations.current();
    return current === undefined ? [] : generations.files(current.number);
  }

  /**
   * What is declared, key by key, secrets blanked. Throws USAGE for what is no key, UNSUPPORTED when what is declared is not in
   * cloud-init's language.
   */
  explain(key: string | undefined): readonly EffectiveKey[] {
    const path = key === undefined ? undefined : keyPath(key);
    const document = readUserData(this.#declared, () => undefined);
    if (document === undefined || this.#declared.some(({ text }) => !isUserData(text)))
      throw new BerthError('UNSUPPORTED', 'only the keys of a #cloud-config can be told', {
        hint: 'berth generations N',
      });
    const shown = this.#declared.map((file) => ({ ...file, text: blankNamedSecrets(file.text) }));
    const blanked = readUserData(shown, () => undefined)?.explain(path) ?? [];
    return JSON.parse(this.redact(JSON.stringify(withValuesOf(document.explain(path), blanked)))) as EffectiveKey[];
  }

  /** What is wrong with the config that is declared: those of its keys have no effect, or their last good value. */
  get problems(): readonly Diagnostic[] {
    return (this.#last?.parsed.diagnostics ?? []).filter(({ severity }) => severity === 'error');
  }

  /** The services of a config on this host, with the operator's switches. */
  resolve(config: HostConfig = this.#config): Desired {
    const { keyImports } = this.#deps;
    const whole = keyImports === undefined ? config : withImportedKeys(config, keyImports.known);
    return desiredServices(whole, this.#contextFor(whole), this.#resolutions);
  }

  /** What could be enabled beside the services that are to run. */
  available(desired: Desired): ServiceStatus[] {
    const context = this.#contextFor(this.#config);
    return availableServices(this.#config, context, this.#deps.catalogue.descriptions, desired);
  }

  #contextFor(config: HostConfig): DesiredContext {
    const { instance, filesDirectory, catalogue, engines, engineView, overlay, environment } = this.#deps;
    return {
      instance,
      filesDirectory,
      catalogue: catalogue.modelsFor(config),
      userEngineIsService: engines.userEngineIsService,
      userEngineIsDemanded: engines.isUserEngineDemanded,
      ...(engineView === undefined ? {} : { engineView }),
      ...(engines.ownUserEngineProblem === undefined ? {} : { ownUserEngineProblem: engines.ownUserEngineProblem }),
      overlay: overlay.current,
      environment,
    };
  }

  get #catalogueNames(): string[] {
    return [...this.#deps.catalogue.descriptions.keys()];
  }

  /** Stores a generation unless the texts are those of the current one; see {@link settled}. @returns its number. */
  async store({ files, source, changes }: Prepared, createdAt: string): Promise<number> {
    const { generations, release } = this.#deps;
    const current = generations.current();
    if (current?.configDigest === digestConfig(files)) return current.number;
    const lines = changes.map(({ key, change }) => `${key} ${change}`);
    return (await generations.create({ createdAt, source, files, changes: lines, release: release() })).number;
  }

  /** Resolves when what was stored last outlives a power cut. */
  async settled(): Promise<void> {
    await this.#deps.generations.settled();
  }

  /** From now on this is declared. */
  take(prepared: Prepared, generation: number): void {
    const { config, parsed } = prepared;
    this.#last = prepared;
    this.#config = config;
    this.#sources = parsed.sources;
    this.#secrets = new SecretBlanker(secretsOf(config));
    this.#generation = generation;
    this.#deps.keyImports?.follow(config);
  }

  /** A text without the secrets of the current config. */
  redact(text: string): string {
    return this.#secrets.blank(text);
  }

  /** The texts of a generation without their own secrets. Throws NOT_FOUND. */
  redactedFiles(generation: number): ConfigText[] {
    const files = this.#deps.generations.files(generation);
    const secrets = new SecretBlanker(secretsOf(this.#parse(files).config));
    return files.map(({ file, text }) => ({ file, text: blankNamedSecrets(secrets.blank(text)) }));
  }

  /** Names that `berth service enable` understands. */
  get switchable(): string[] {
    return [...this.#catalogueNames, ...Object.keys(this.#config.compose.services)];
  }

  #parse(files: readonly ConfigText[]): ParseResult {
    const { environment, passwordSeed } = this.#deps;
    return parseConfig(files, { environment, catalogue: this.#catalogueNames, passwordSeed });
  }
}

/** The keys with the values of other ones, which may stand in other lines. */
function withValuesOf(keys: readonly EffectiveKey[], others: readonly EffectiveKey[]): EffectiveKey[] {
  return keys.map((key, index) => {
    const other = others[index];
    const under = key.under.map((source, at) => ({ ...source, value: other?.under[at]?.value }));
    return { ...key, ...('value' in key ? { value: other?.value } : {}), under };
  });
}

/** Throws USAGE. */
function keyPath(key: string): DocumentPath {
  const path = parsePath(key);
  if (path !== undefined) return path;
  throw new BerthError('USAGE', `${JSON.stringify(key)} is not a key`, {
    hint: 'for example: berth.services.web.image',
  });
}
