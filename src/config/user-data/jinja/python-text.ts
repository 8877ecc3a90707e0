import { TemplateFailure, type TemplateValue } from './library.ts';

/** A value as Python's `str` writes it. Pure. Throws TemplateFailure for a number that is none. */
export function pythonText(value: TemplateValue): string {
  return value.type === 'StringValue' ? String(value.value) : pythonForm(value);
}

/** A value as it stands in Python's source (`repr`). */
function pythonForm(value: TemplateValue): string {
  const { value: inner, type } = value;
  switch (type) {
    case 'StringValue':
      return quoted(String(inner));
    case 'NullValue':
      return 'None';
    case 'BooleanValue':
      return inner === true ? 'True' : 'False';
    case 'FloatValue':
      if (!Number.isFinite(inner)) throw new TemplateFailure('a number is divided by zero');
      return fraction(Number(inner));
    case 'ArrayValue':
      return `[${(inner as TemplateValue[]).map(pythonForm).join(', ')}]`;
    case 'TupleValue':
      return tuple((inner as TemplateValue[]).map(pythonForm));
    case 'ObjectValue': {
      const entries = [...(inner as ReadonlyMap<string, TemplateValue>)];
      return `{${entries.map(([key, entry]) => `${quoted(key)}: ${pythonForm(entry)}`).join(', ')}}`;
    }
    case 'UndefinedValue':
      return 'Undefined';
    case 'IntegerValue':
      if (!Number.isSafeInteger(inner)) throw new TemplateFailure('a number is too large');
      return String(inner);
    default:
      return `<${type}>`;
  }
}

/** Python writes an exponent, of two digits, from 1e16 on and below 0.0001. */
function fraction(value: number): string {
  const size = Math.abs(value);
  const text = String(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    const [mantissa = '', exponent = ''] = value.toExponential().split('e');
    return `${mantissa}e${exponent[0] ?? '+'}${exponent.slice(1).padStart(2, '0')}`;
  }
  return text.includes('.') ? text : `${text}.0`;
}

function tuple(items: readonly string[]): string {
  return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`;
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll(quote, `\\${quote}`)
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replace(/[\p{C}\p{Z}]/gu, (character) => (character === ' ' ? ' ' : codeOf(character.codePointAt(0) ?? 0)));
  return quote + escaped + quote;
}

/** What cannot be printed, by its number. */
function codeOf(code: number): string {
  const digits = code.toString(16);
  if (code <= 0xff) return `\\x${digits.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`;
}
