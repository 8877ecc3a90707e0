import type { DialectName } from '../../../src/config/dialects/table.ts';
import { validateConfig } from '../../../src/config/validate.ts';
import type { CloudInitOracle } from './oracle.ts';

export interface Difference {
  readonly text: string;
  readonly message: string;
}

/** How often two verdicts are the same. */
export class Parity {
  cases = 0;
  valid = 0;
  readonly differences: Difference[] = [];
  readonly #oracle: CloudInitOracle;
  readonly #dialect: DialectName;

  constructor(oracle: CloudInitOracle, dialect: 'cloud-init' | 'network-config') {
    this.#oracle = oracle;
    this.#dialect = dialect;
  }

  /** Asks both about a text. */
  async compare(text: string): Promise<void> {
    const kind = this.#dialect === 'network-config' ? 'network-config' : 'cloud-config';
    const theirs = await this.#oracle.judge(text, kind);
    const errors = validateConfig({ file: 'asked', text }, { dialect: this.#dialect }).filter(
      ({ severity }) => severity === 'error',
    );
    this.cases += 1;
    if (theirs.valid) this.valid += 1;
    if (theirs.valid === (errors.length === 0)) return;
    const [first] = errors;
    const ours = first === undefined ? 'accepted here' : `${first.line}:${first.column} ${first.path} ${first.message}`;
    this.differences.push({ text, message: theirs.valid ? ours : `${ours}; ${theirs.message}` });
  }

  get share(): number {
    return 1 - this.differences.length / this.cases;
  }

  /** A line for people, and the first differences. */
  report(title: string): string {
    const shown = this.differences
      .slice(0, 10)
      .map(({ text, message }) => `--- ${message.trim()}\n${text.slice(0, 600)}`);
    const share = (this.share * 100).toFixed(2);
    return [`${title}: ${this.cases} cases, ${this.valid} of them valid, parity ${share} %`, ...shown].join('\n');
  }
}
