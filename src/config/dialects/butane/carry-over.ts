import { noFilesDirectory } from '../../local-files.ts';
import type { Translating } from './context.ts';
import { embed, escapeBytes } from './data-url/data-url.ts';
import type { Field, RecordShape, Shape } from './spec/shape.ts';
import { type Traced, TracedRecord, traced } from './traced.ts';

/** Sugar inside a record, by what the record is: from the Butane record and its Ignition form so far. */
type Sweetener = (from: TracedRecord, to: TracedRecord, context: Translating) => TracedRecord;

const sweeteners: Readonly<Record<string, Sweetener>> = {
  resource: embedContents,
  user: addLocalKeys,
  unit: takeLocalContents,
  dropin: takeLocalContents,
};

/** Carries a Butane record over to Ignition's keys, with the sugar that lies inside it. Pure but for the local files' port. */
export function carryOver(record: TracedRecord, shape: RecordShape, context: Translating): TracedRecord {
  const fields = shape.fields.flatMap((field) => {
    const value = carryField(record, field, context);
    return value === undefined || field.ignition === undefined ? [] : [[field.ignition, value] as const];
  });
  const carried = new TracedRecord(fields, record.from);
  return sweeteners[shape.name]?.(record, carried, context) ?? carried;
}

function carryField(record: TracedRecord, field: Field, context: Translating): Traced | undefined {
  const value = record.fields.get(field.key);
  if (field.ignition === undefined) return undefined;
  if (value === undefined) return field.absent === undefined ? undefined : traced(field.absent, record.from);
  const carried = carry(value, field.shape, context);
  if (carried.kind === 'list') return carried.items.length === 0 ? undefined : carried;
  if (carried.kind === 'record') return isEmpty(carried) && !field.keepsEmpty ? undefined : carried;
  return field.dropsEmpty && (carried.value === '' || carried.value === 0) ? undefined : carried;
}

function isEmpty({ fields }: TracedRecord): boolean {
  return [...fields.values()].every((value) => value.kind === 'scalar' && value.value === null);
}

function carry(value: Traced, shape: Shape, context: Translating): Traced {
  if (value.kind === 'record' && shape.kind === 'record') return carryOver(value, shape, context);
  if (value.kind !== 'list' || shape.kind !== 'list') return value;
  return { ...value, items: value.items.map((item) => carry(item, shape.item, context)) };
}

/** The content of a local file; undefined, and an error, when it cannot be had. */
export function readLocal(path: string, from: Traced['from'], { files, at }: Translating): Uint8Array | undefined {
  const file = files?.read(path) ?? noFilesDirectory;
  if (file.kind === 'file') return file.content;
  at(from).error('local-file', `"${path}": ${file.reason}`, files === undefined ? filesDirectoryHint : undefined);
  return undefined;
}

export const filesDirectoryHint = 'name the directory with --files-dir, or write the contents inline';

/** `inline` and `local` become the source, compressed when that is shorter. */
function embedContents(from: TracedRecord, to: TracedRecord, context: Translating): TracedRecord {
  const sweet = from.fields.get('local') ?? from.fields.get('inline');
  if (sweet?.kind !== 'scalar') return to;
  const given = String(sweet.value);
  const content = from.has('local') ? readLocal(given, sweet.from, context) : Buffer.from(given);
  if (content === undefined) return to;
  if (context.spec.base === 1) {
    return to.with({ source: traced(`data:,${escapeBytes(content)}`, sweet.from) });
  }
  const { source, compression } = embed(content, to.text('compression'), context.compresses);
  return to.with({
    source: traced(source, sweet.from),
    ...(compression === undefined ? {} : { compression: traced(compression, sweet.from) }),
  });
}

/** `ssh_authorized_keys_local`: each line of the files is a key. */
function addLocalKeys(from: TracedRecord, to: TracedRecord, context: Translating): TracedRecord {
  const paths = from.items('ssh_authorized_keys_local');
  const keys = paths.flatMap((path) => {
    if (path.kind !== 'scalar') return [];
    const content = readLocal(String(path.value), path.from, context);
    const lines = content === undefined ? [] : decodeText(content).split(/\r?\n/);
    return lines.filter((line) => line !== '').map((line) => traced(line, path.from));
  });
  if (keys.length === 0) return to;
  const items = [...to.items('sshAuthorizedKeys'), ...keys];
  const { from: place } = from.fields.get('ssh_authorized_keys') ?? {
    from: [...from.from, 'ssh_authorized_keys_local'],
  };
  return to.with({ sshAuthorizedKeys: { kind: 'list', items, from: place } });
}

/** `contents_local` of a unit or a drop-in. */
function takeLocalContents(from: TracedRecord, to: TracedRecord, context: Translating): TracedRecord {
  const path = from.fields.get('contents_local');
  if (path?.kind !== 'scalar' || path.value === '') return to;
  const content = readLocal(String(path.value), path.from, context);
  return content === undefined ? to : to.with({ contents: traced(decodeText(content), path.from) });
}

function decodeText(content: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(content);
}
