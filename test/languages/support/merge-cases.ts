import type { OraclePart } from './cloud-init-oracle.ts';

const keys = ['a', 'b', 'users', 'ntp', 'd'];
const scalars = [1, 0, 'x', 'yy', '', true, false, null, 2.5] as const;
const options = {
  dict: ['replace', 'no_replace', 'allow_delete', 'recurse_list', 'recurse_array', 'recurse_str', 'recurse_dict'],
  list: ['append', 'prepend', 'replace', 'no_replace', 'recurse_dict', 'recurse_list', 'recurse_array', 'recurse_str'],
  str: ['append', 'replace'],
} as const;

/** Parts with all that merging looks at: mappings, lists and scalars in each other's place, instructions in every form. */
export class MergeCases {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Two to four parts, one in eight of them a JSON patch. */
  parts(): OraclePart[] {
    const count = 2 + this.#below(3);
    return Array.from({ length: count }, (_, index) =>
      index > 0 && this.#below(8) === 0 ? this.#patch() : this.#part(),
    );
  }

  #part(): OraclePart {
    const body: Record<string, unknown> = this.#mapping(3);
    const headers: Record<string, string> = {};
    switch (this.#below(8)) {
      case 0:
      case 1:
        body[this.#pick(['merge_how', 'merge_type'])] = this.#text();
        break;
      case 2:
      case 3:
        body['merge_how'] = this.#rules().map(([name, settings]) => ({ name, settings }));
        break;
      case 4:
        headers[this.#pick(['Merge-Type', 'X-Merge-Type'])] = this.#text();
        break;
      case 5:
        body['merge_how'] = this.#text();
        body['merge_type'] = this.#text();
        headers['Merge-Type'] = this.#text();
        break;
      default:
    }
    return { type: 'text/cloud-config', content: `#cloud-config\n${JSON.stringify(body)}\n`, headers };
  }

  #patch(): OraclePart {
    const operation = (): object => {
      const path = `/${this.#pick(keys)}${this.#below(3) === 0 ? `/${this.#pick([...keys, '0', '-'])}` : ''}`;
      switch (this.#below(4)) {
        case 0:
          return { op: 'remove', path };
        case 1:
          return { op: 'replace', path, value: this.#value(1) };
        case 2:
          return { op: 'copy', from: `/${this.#pick(keys)}`, path };
        default:
          return { op: 'add', path, value: this.#value(1) };
      }
    };
    const operations = Array.from({ length: 1 + this.#below(2) }, operation);
    return {
      type: 'text/cloud-config-jsonp',
      content: `#cloud-config-jsonp\n${JSON.stringify(operations)}\n`,
      headers: {},
    };
  }

  /** Now and then one that cloud-init refuses. */
  #text(): string {
    const rules = this.#rules().map(([name, settings]) => `${name}(${settings.join(', ')})`);
    if (this.#below(20) === 0) rules.push(this.#pick(['dict', 'set()', 'DICT(Replace)', '', 'm_str(append)']));
    return rules.join('+');
  }

  #rules(): [string, string[]][] {
    const names = (['dict', 'list', 'str'] as const).filter(() => this.#below(10) > 0);
    return names.map((name) => [name, options[name].filter(() => this.#below(3) === 0)]);
  }

  #value(depth: number): unknown {
    const kind = this.#below(depth > 0 ? 4 : 2);
    if (kind === 2) return this.#mapping(depth - 1);
    if (kind === 3) return Array.from({ length: this.#below(4) }, () => this.#value(depth - 1));
    return this.#pick(scalars);
  }

  #mapping(depth: number): Record<string, unknown> {
    return Object.fromEntries(keys.filter(() => this.#below(2) === 0).map((key) => [key, this.#value(depth)]));
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)]!;
  }
}
