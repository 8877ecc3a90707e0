import { cleanPath, joinPaths } from '../../../go/go-path.ts';
import type { Place } from '../../../place.ts';
import type { File, Link, Node, Storage } from '../model.ts';
import { checkMode, checkPath } from './paths.ts';
import { checkResource } from './resource.ts';

/** Files, directories and links, each by itself and beside the links. */
export function checkNodes(storage: Storage, place: Place, minor: number): void {
  const { files = [], directories = [], links = [] } = storage;
  const linkPaths = new LinkPaths(links);
  for (const [index, file] of files.entries()) checkFile(file, place.child('files').child(index), minor);
  for (const [index, directory] of directories.entries()) {
    const at = place.child('directories').child(index);
    checkNode(directory, at);
    checkMode(directory.mode, at.child('mode'), minor, true);
  }
  const paths = new Set(directories.map(({ path }) => path));
  for (const [index, link] of links.entries()) checkLink(link, place.child('links').child(index), paths, minor);
  for (const [key, nodes] of Object.entries({ files, directories, links })) {
    for (const [index, { path = '' }] of nodes.entries()) {
      const link = linkPaths.above(path);
      if (link === undefined) continue;
      const message = `the path leads through the link ${JSON.stringify(link)} of this config`;
      place.child(key).child(index).error('conflict', message, 'write the path it links to');
    }
  }
}

function checkNode({ path, user = {}, group = {} }: Node, place: Place): void {
  checkPath(path, place.child('path'));
  for (const [key, owner] of Object.entries({ user, group })) {
    if (owner.id !== undefined && (owner.name ?? '') !== '') {
      place.child(key).error('conflict', 'has both an id and a name; give one of them');
    }
  }
}

function checkFile(file: File, place: Place, minor: number): void {
  checkNode(file, place);
  checkMode(file.mode, place.child('mode'), minor, false);
  if (file.overwrite === true && file.contents?.source === undefined) {
    const hint = 'for an empty file: "source": ""';
    place
      .child('overwrite')
      .error('conflict', '"overwrite" is true, and there is no source to overwrite it with', hint);
  }
  checkResource(file.contents ?? {}, place.child('contents'), minor);
  for (const [index, part] of (file.append ?? []).entries()) {
    checkResource(part, place.child('append').child(index), minor);
  }
}

function checkLink(link: Link, place: Place, directories: ReadonlySet<string | undefined>, minor: number): void {
  checkNode(link, place);
  const { path = '', target = '' } = link;
  if (target === '' && minor >= 3) {
    place.child('target').error('missing-key', '"target" is missing');
    return;
  }
  if (link.hard !== true) return;
  const clean = cleanPath(target);
  const full = clean.startsWith('/') ? clean : joinPaths(path, target);
  if (directories.has(full)) {
    place.error('conflict', `a hard link cannot lead to a directory, and ${JSON.stringify(full)} is one`);
  }
  for (const key of ['user', 'group'] as const) {
    for (const part of ['id', 'name'] as const) {
      if (link[key]?.[part] === undefined) continue;
      place.child(key).child(part).warn('no-effect', 'a hard link has the owner of what it leads to');
    }
  }
}

/** Finds links on the way to a path. */
class LinkPaths {
  readonly #paths: ReadonlySet<string>;

  constructor(links: readonly Link[]) {
    this.#paths = new Set(links.map(({ path = '' }) => path));
  }

  above(path: string): string | undefined {
    if (this.#paths.size === 0) return undefined;
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
      const prefix = path.slice(0, at);
      if (this.#paths.has(prefix)) return prefix;
    }
    return undefined;
  }
}
