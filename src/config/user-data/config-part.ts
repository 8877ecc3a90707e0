import { type Diagnostic, formatPath, type Problem } from '../../core/diagnostic.ts';
import type { SourcePosition } from '../dialects/dialect.ts';
import { Place } from '../place.ts';
import { describeValue, isMapping } from '../shape.ts';
import { readYaml, type TextPosition, type YamlSource } from '../yaml-source.ts';
import { textOfPart, type UserDataPart } from './part.ts';
import { type Origin, type TreeMap, treeOf } from './tree.ts';

/** A part that is a cloud-config: its data, and how to speak of places in it. */
export class ConfigPart {
  readonly file: string;
  readonly part: UserDataPart;
  readonly yaml: YamlSource;
  readonly root: Place;
  readonly #report: (diagnostic: Diagnostic) => void;

  constructor(part: UserDataPart, report: (diagnostic: Diagnostic) => void) {
    this.part = part;
    this.file = part.file;
    this.#report = report;
    // `berth` is Berth's own block: only true and false are booleans there, and 22:30 is a time of day.
    this.yaml = readYaml(textOfPart(part), { rulesOf: (key) => (key === 'berth' ? 'compose' : 'cloud-init') });
    for (const { position, ...problem } of this.yaml.problems) this.#add(position, problem);
    this.root = new Place([], (problem) => this.reportAt(problem));
  }

  /** Reports a problem at its path in this part. */
  reportAt(problem: Problem): void {
    this.#add(this.yaml.positionOf(problem.path, problem.at), problem);
  }

  position({ path }: Pick<Origin, 'path'>): SourcePosition {
    return { file: this.file, ...this.yaml.positionOf(path, 'key') };
  }

  /** What it declares, as a tree; `none`: nothing; undefined when it cannot be read, which is reported. */
  tree(source: number): TreeMap | 'none' | undefined {
    const { data } = this.yaml;
    if (data === undefined) return undefined;
    if (data === null) {
      this.root.warn('empty', 'the file declares nothing');
      return 'none';
    }
    if (!isMapping(data)) {
      this.root.error('wrong-type', `expected a mapping of keys to values, found ${describeValue(data)}`);
      return undefined;
    }
    return treeOf(data, { source, path: [] }) as TreeMap;
  }

  #add({ line, column }: TextPosition, { path, severity, code, message, hint }: Problem): void {
    const { file } = this;
    this.#report({ file, line, column, path: formatPath(path), severity, code, message, hint: hint ?? null });
  }
}
