import { compareText } from '../../../core/compare-text.ts';
import { TemplateFailure, type TemplateValue } from './library.ts';
import { pythonText } from './python-text.ts';

/**
 * A value as the filter `tojson` writes it: keys in order, ASCII only, and nothing that HTML would take for its own. Pure.
 * Throws TemplateFailure for what JSON has not.
 * @param indent blanks per level; undefined: all on one line.
 */
export function pythonJson(value: TemplateValue, indent?: number): string {
  return write(value, indent, 0).replace(/[<>&']/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}

function write(value: TemplateValue, indent: number | undefined, depth: number): string {
  const { type, value: inner } = value;
  switch (type) {
    case 'NullValue':
      return 'null';
    case 'BooleanValue':
      return inner === true ? 'true' : 'false';
    case 'IntegerValue':
    case 'FloatValue':
      return pythonText(value);
    case 'StringValue':
      return quoted(String(inner));
    case 'ArrayValue':
    case 'TupleValue': {
      const items = (inner as readonly TemplateValue[]).map((item) => write(item, indent, depth + 1));
      return bracketed('[]', items, indent, depth);
    }
    case 'ObjectValue': {
      const entries = [...(inner as ReadonlyMap<string, TemplateValue>)].toSorted(([a], [b]) => compareText(a, b));
      const items = entries.map(([key, item]) => `${quoted(key)}: ${write(item, indent, depth + 1)}`);
      return bracketed('{}', items, indent, depth);
    }
    default:
      throw new TemplateFailure(`${type} is nothing that JSON has`);
  }
}

function bracketed(brackets: string, items: readonly string[], indent: number | undefined, depth: number): string {
  if (indent === undefined || items.length === 0) return `${brackets[0]}${items.join(', ')}${brackets[1]}`;
  const line = (level: number): string => `\n${' '.repeat(indent * level)}`;
  return `${brackets[0]}${line(depth + 1)}${items.join(`,${line(depth + 1)}`)}${line(depth)}${brackets[1]}`;
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
