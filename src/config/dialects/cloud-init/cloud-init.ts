import { type Diagnostic, formatPath, type Problem } from '../../../core/diagnostic.ts';
import { takeBerthBlock } from '../../berth/block.ts';
import { emptyHostConfig } from '../../host-config.ts';
import { type KeyedValue, takeKeys } from '../../key-table.ts';
import { Place } from '../../place.ts';
import { describeValue, isMapping } from '../../shape.ts';
import { readYaml, type TextPosition, type YamlSource } from '../../yaml-source.ts';
import type { Dialect, DialectContext, DialectResult, SourceFile, SourcePosition } from '../dialect.ts';
import { CloudInitDraft } from './draft.ts';
import { cloudInitKeys } from './keys.ts';
import { sealCloudConfig } from './seal.ts';
import { judgeUserData } from './verdict.ts';

/** cloud-init's user-data in its `#cloud-config` form, with the block `berth` for what it has no word for. */
export const cloudInit = {
  name: 'cloud-init',
  title: '#cloud-config',
  // As cloud-init does: leading blanks and letter case do not count; the longer headers are other formats.
  recognises: (text: string) =>
    /^#cloud-config(?!-archive|-jsonp)/i.test(
      text
        .replace(/^\ufeff/, '')
        .trimStart()
        .slice(0, 64),
    ),
  parse,
  judge: judgeUserData,
  seal: sealCloudConfig,
} as const satisfies Dialect;

/** A file as YAML, and how to speak of places in it. */
class ParsedFile {
  readonly file: string;
  readonly yaml: YamlSource;
  readonly root: Place;

  constructor({ file, text }: SourceFile, report: (diagnostic: Diagnostic) => void) {
    this.file = file;
    // `berth` is Berth's own block: only true and false are booleans there, and 22:30 is a time of day.
    this.yaml = readYaml(text, { rulesOf: (key) => (key === 'berth' ? 'compose' : 'cloud-init') });
    for (const { position, ...problem } of this.yaml.problems) report(toDiagnostic(file, position, problem));
    this.root = new Place([], (problem) =>
      report(toDiagnostic(file, this.yaml.positionOf(problem.path, problem.at), problem)),
    );
  }

  position(place: Place): SourcePosition {
    return { file: this.file, ...this.yaml.positionOf(place.path, 'key') };
  }
}

function toDiagnostic(file: string, { line, column }: TextPosition, problem: Problem): Diagnostic {
  const { path, severity, code, message, hint } = problem;
  return { file, line, column, path: formatPath(path), severity, code, message, hint: hint ?? null };
}

function parse(files: readonly SourceFile[], context: DialectContext): DialectResult {
  const diagnostics: Diagnostic[] = [];
  const parsed = files.map((file) => new ParsedFile(file, (diagnostic) => diagnostics.push(diagnostic)));
  const values = collect(parsed);
  if (values === undefined) return { config: emptyHostConfig, diagnostics, sources: () => new Map() };

  const draft = new CloudInitDraft(context.hashPassword);
  takeKeys(cloudInitKeys, values.cloudInit, draft, (key, place, hint) => {
    // cloud-init itself reports an unknown key as a warning at boot, and goes on.
    place.warn('unknown-key', `unknown key "${key}"`, hint, 'key');
  });
  draft.finish();
  takeBerthBlock(values.berth, draft.host, context);

  let sources: ReadonlyMap<string, SourcePosition> | undefined;
  return { config: draft.host.config, diagnostics, sources: () => (sources ??= sourcesOf(parsed, draft.host.named)) };
}

function sourcesOf(parsed: readonly ParsedFile[], named: ReadonlyMap<string, Place>): Map<string, SourcePosition> {
  const sources = new Map<string, SourcePosition>();
  for (const { file, yaml } of parsed)
    for (const [path, position] of yaml.positions()) sources.set(path, { file, ...position });
  for (const [key, place] of named) {
    const owner = parsed.find(({ root }) => root.sameDocument(place));
    if (owner !== undefined) sources.set(key, owner.position(place));
  }
  return sources;
}

/**
 * The values that count: a later file replaces whole top-level keys of an earlier one, as cloud-init does when no merge
 * instruction is given; `berth` is one level deeper. Undefined when a file could not be read.
 */
function collect(parsed: readonly ParsedFile[]): { cloudInit: KeyedValue[]; berth: KeyedValue[] } | undefined {
  const cloudInit = new Map<string, KeyedValue>();
  const berth = new Map<string, KeyedValue>();
  let readable = true;
  for (const { yaml, root } of parsed) {
    const { data } = yaml;
    if (data === undefined) {
      readable = false;
    } else if (data === null) {
      root.warn('empty', 'the file declares nothing');
    } else if (!isMapping(data)) {
      root.error('wrong-type', `expected a mapping of keys to values, found ${describeValue(data)}`);
      readable = false;
    } else {
      const { berth: block, ...others } = data;
      put(cloudInit, others, root);
      if (isMapping(block)) put(berth, block, root.child('berth'));
      else if (block === null)
        root.child('berth').warn('empty-value', '"berth" has no value, so nothing is declared', undefined, 'key');
      else if (block !== undefined)
        root.child('berth').error('wrong-type', `expected a mapping, found ${describeValue(block)}`);
    }
  }
  return readable ? { cloudInit: [...cloudInit.values()], berth: [...berth.values()] } : undefined;
}

function put(target: Map<string, KeyedValue>, values: Readonly<Record<string, unknown>>, parent: Place): void {
  for (const [key, value] of Object.entries(values)) {
    target.get(key)?.place.inform('overridden', `"${key}" is replaced by a later file`, undefined, 'key');
    target.set(key, { key, value, place: parent.child(key) });
  }
}
