import type { FileConfig, OwnershipPart } from '../../../host-config.ts';
import { warnOfUnread } from '../../../known-files/unread.ts';
import type { Place } from '../../../place.ts';
import { contentsOf } from '../contents.ts';
import type { Directory, File, Link, Node, Resource, Storage } from '../model.ts';
import { unmounted } from '../translate-2.ts';
import type { HostContext } from './context.ts';

const fileMode = 0o644;
const directoryMode = 0o755;

/** Files, directories and links. */
export function takeNodes(storage: Storage, place: Place, context: HostContext): void {
  context.each(storage.directories, place.child('directories'), (node, at) => takeDirectory(node, at, context));
  context.each(storage.files, place.child('files'), (node, at) => takeFile(node, at, context));
  context.each(storage.links, place.child('links'), (node, at) => takeLink(node, at, context));
}

function takeFile(file: File, place: Place, context: HostContext): void {
  const path = pathOf(file, place, context);
  if (path === undefined) return;
  const { host } = context;
  const { contents, append = [] } = file;
  const hasContents = contents?.source !== undefined;
  const node = {
    path,
    mode: file.mode ?? fileMode,
    ...ownerOf(file),
    defer: false,
    keeps: hasContents ? [] : keptOf(file, file.mode),
  };
  const existing = file.overwrite === true ? 'replace' : hasContents ? 'refuse' : 'keep';
  const base = hasContents ? partOf(contents, context.at(contents, place.child('contents')), context) : emptyPart;
  if (base === undefined) {
    context.passOver({ ...file, contents: undefined }, place, 'its content is refused');
    return;
  }
  host.config.files.push({ ...node, ...base, append: false, existing });
  for (const [index, resource] of append.entries()) {
    const at = context.at(resource, place.child('append').child(index));
    const part = resource.source === undefined ? undefined : partOf(resource, at, context);
    if (resource.source === undefined) at.warn('empty-value', 'has no source, so nothing is appended');
    if (part !== undefined) host.config.files.push({ ...node, ...part, append: true });
  }
  host.name(['write_files', path], place);
  warnOfUnread(path, place);
}

type Part = Pick<FileConfig, 'contentBase64'> & { remote?: Mutable };
type Mutable = { url: string; headers: { name: string; value: string }[]; hash?: string; compression?: 'gzip' };

const emptyPart: Part = { contentBase64: '' };

function partOf(resource: Resource, place: Place, context: HostContext): Part | undefined {
  const contents = contentsOf(resource, place, context.refuse);
  if (contents?.kind === 'bytes') return { contentBase64: contents.bytes.toString('base64') };
  if (contents === undefined) return undefined;
  return { contentBase64: '', remote: { ...contents.remote, headers: [...contents.remote.headers] } };
}

function takeDirectory(directory: Directory, place: Place, context: HostContext): void {
  const path = pathOf(directory, place, context);
  if (path === undefined) return;
  const { host } = context;
  const overwrite = directory.overwrite === true;
  const keeps = overwrite ? [] : keptOf(directory, directory.mode);
  const mode = directory.mode ?? directoryMode;
  (host.config.directories ??= []).push({ path, mode, ...ownerOf(directory), keeps, overwrite });
  host.name(['directories', path], place);
}

function takeLink(link: Link, place: Place, context: HostContext): void {
  const path = pathOf(link, place, context);
  if (path === undefined) return;
  const { host } = context;
  const { target = '', hard = false, overwrite = false } = link;
  (host.config.links ??= []).push({ path, target, hard, ...ownerOf(link), overwrite });
  host.name(['links', path], place);
}

/** What is on a file system that version 2 only mounts while Ignition runs has no path on the host. */
function pathOf({ path = '', ...others }: Node, place: Place, context: HostContext): string | undefined {
  if (!path.startsWith(unmounted)) return path;
  const why = 'the file system it is on has no mount point';
  context.passOver(others, place, why);
  context.refuse(place, why, 'write the config for version 3, where a file system has a "path"');
  return undefined;
}

function ownerOf({ user, group }: Node): { owner: string; group: string } {
  return { owner: nameOf(user), group: nameOf(group) };
}

function nameOf({ id, name }: { readonly id?: number; readonly name?: string } = {}): string {
  if (id !== undefined) return String(id);
  return name === undefined || name === '' ? 'root' : name;
}

/** What is not said stays as it is on something that is there already. */
function keptOf({ user, group }: Node, mode: number | undefined): OwnershipPart[] {
  const said = { mode: mode !== undefined, owner: isSaid(user), group: isSaid(group) };
  return (['mode', 'owner', 'group'] as const).filter((part) => !said[part]);
}

function isSaid(owner: { readonly id?: number; readonly name?: string } | undefined): boolean {
  return owner?.id !== undefined || (owner?.name ?? '') !== '';
}
