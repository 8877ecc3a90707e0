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
      return String(value);
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
      return String(inner);
    default:
      return `<${type}>`;
  }
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
    .replaceAll('\t', '\\t');
  return quote + escaped + quote;
}
