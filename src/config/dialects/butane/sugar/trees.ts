import { posix } from 'node:path';
import { noFilesDirectory, type TreeEntry } from '../../../local-files.ts';
import type { Place } from '../../../place.ts';
import { filesDirectoryHint } from '../carry-over.ts';
import type { Translating } from '../context.ts';
import { embed } from '../data-url/data-url.ts';
import { type Made, plain, type TracedRecord, traced } from '../traced.ts';
import { NodeLists } from './nodes.ts';

const nodeExists = 'there is already a node of this path, with contents or of another type';

/** `storage.trees`: files, links, and where an owner or a mode is asked for directories, of a local directory. */
export function addTrees(butane: TracedRecord, ignition: TracedRecord, context: Translating): TracedRecord {
  const trees = butane.record('storage').records('trees');
  if (trees.length === 0) return ignition;
  const nodes = new NodeLists(ignition.record('storage'));
  for (const tree of trees) {
    const place = context.at(tree.from);
    const found = context.files?.tree(tree.text('local') ?? '') ?? noFilesDirectory;
    if (found.kind === 'problem') {
      place.error('local-file', found.reason, context.files === undefined ? filesDirectoryHint : undefined);
      if (context.files === undefined) return ignition;
      continue;
    }
    for (const entry of found.entries) addEntry(entry, tree, nodes, context, place);
  }
  return nodes.into(ignition, ['storage', 'trees']);
}

function addEntry(entry: TreeEntry, tree: TracedRecord, nodes: NodeLists, context: Translating, place: Place): void {
  const path = posix.join(tree.text('path') || '/', entry.path);
  const shown = `"${entry.path}"`;
  switch (entry.kind) {
    case 'problem':
      place.error('local-file', `${shown}: ${entry.reason}`);
      return;
    case 'directory':
      addDirectory(path, tree, nodes, place);
      return;
    case 'file': {
      const file = nodes.get('files', path);
      if (file === undefined ? nodes.has(path) : (file.record('contents').text('source') ?? '') !== '') {
        place.error('node-exists', `${shown}: ${nodeExists}`);
        return;
      }
      const fresh = file ?? traced({ path, ...ownerOf(tree) }, tree.from);
      const contents = fresh.record('contents');
      const { source, compression } = embed(entry.content, contents.text('compression'), context.compresses);
      const mode =
        fresh.fields.get('mode') ?? traced(tree.whole('file_mode') ?? (entry.executable ? 0o755 : 0o644), tree.from);
      const sourced = contents.with({
        source: traced(source, tree.from),
        ...(compression === undefined ? {} : { compression: traced(compression, tree.from) }),
      });
      nodes.put('files', fresh.with({ contents: sourced, mode }));
      return;
    }
    case 'link': {
      const link = nodes.get('links', path);
      if (link === undefined ? nodes.has(path) : (link.text('target') ?? '') !== '') {
        place.error('node-exists', `${shown}: ${nodeExists}`);
        return;
      }
      const fresh = link ?? traced({ path, ...ownerOf(tree) }, tree.from);
      nodes.put('links', fresh.with({ target: traced(entry.target, tree.from) }));
    }
  }
}

function addDirectory(path: string, tree: TracedRecord, nodes: NodeLists, place: Place): void {
  const mode = tree.whole('dir_mode');
  const owner = ownerOf(tree);
  if (mode === undefined && owner.user === undefined && owner.group === undefined) return;
  if (nodes.has(path)) place.error('node-exists', `"${path}": ${nodeExists}`);
  else nodes.add('directories', { path, ...owner, mode: mode ?? 0o755 }, tree.from);
}

function ownerOf(tree: TracedRecord): { user?: Made; group?: Made } {
  const owner = (key: string): Made | undefined => {
    const record = tree.record(key);
    return record.fields.size === 0 ? undefined : (plain(record) as Made);
  };
  const user = owner('user');
  const group = owner('group');
  return { ...(user === undefined ? {} : { user }), ...(group === undefined ? {} : { group }) };
}
