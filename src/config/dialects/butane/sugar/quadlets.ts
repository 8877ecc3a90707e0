import { posix } from 'node:path';
import { readLocal } from '../carry-over.ts';
import type { Translating } from '../context.ts';
import { embed } from '../data-url/data-url.ts';
import type { TracedRecord } from '../traced.ts';
import { NodeLists } from './nodes.ts';

/** Where Podman looks for quadlets of root and of users (podman-systemd.unit(5)). */
const rootDirectory = '/etc/containers/systemd';
const usersDirectory = '/etc/containers/systemd/users';

/** The template that a quadlet's name is an instance of: `web@.container` of `web@1.container`; undefined when it is none. */
export function quadletTemplate(name: string): string | undefined {
  const at = name.indexOf('@');
  const dot = name.lastIndexOf('.');
  return at === -1 || dot === -1 || at + 1 === dot ? undefined : `${name.slice(0, at)}@.${name.slice(dot + 1)}`;
}

/** `systemd.quadlets`: files, and links for the instances of templates. */
export function addQuadlets(butane: TracedRecord, ignition: TracedRecord, context: Translating): TracedRecord {
  const quadlets = butane.record('systemd').records('quadlets');
  if (quadlets.length === 0) return ignition;
  const nodes = new NodeLists(ignition.record('storage'));
  for (const quadlet of quadlets) {
    const name = quadlet.text('name') ?? '';
    const path = posix.join(quadlet.isTrue('rootful') ? rootDirectory : usersDirectory, name);
    const target = quadletTemplate(name);
    if (target === undefined) addFile(quadlet, path, nodes, context);
    else if (nodes.has(path)) reportTaken(quadlet, path, context);
    else nodes.add('links', { path, target }, quadlet.from);
    for (const dropin of quadlet.records('dropins')) {
      addFile(dropin, `${path}.d/${dropin.text('name') ?? ''}`, nodes, context);
    }
  }
  return nodes.into(ignition, ['systemd', 'quadlets']);
}

function addFile(unit: TracedRecord, path: string, nodes: NodeLists, context: Translating): void {
  if (nodes.has(path)) {
    reportTaken(unit, path, context);
    return;
  }
  const local = unit.text('contents_local') ?? '';
  const inline = unit.text('contents') ?? '';
  const read = local === '' ? Buffer.from('') : readLocal(local, [...unit.from, 'contents_local'], context);
  if (read === undefined) return;
  const { source, compression } = embed(inline === '' ? read : Buffer.from(inline), undefined, context.compresses);
  nodes.add('files', { path, contents: { source, compression }, mode: 0o644 }, unit.from);
}

function reportTaken(unit: TracedRecord, path: string, { at }: Translating): void {
  at(unit.from).error('node-exists', `there is already a node of the path "${path}"`);
}
