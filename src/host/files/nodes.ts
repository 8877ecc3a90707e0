import type { DirectoryConfig, HostConfig, LinkConfig } from '../../config/host-config.ts';
import { readOnlyReason } from '../../config/known-files/read-only.ts';
import { formatPath } from '../../core/diagnostic.ts';
import type { PlanContext } from '../resource.ts';
import type { BlockedChange, HostStep } from '../step.ts';
import { type Owners, ownershipOf } from './owners.ts';
import { stageOf } from './places.ts';

type Stages = Readonly<Record<'settings' | 'data', HostStep[]>>;

export interface NodePlan {
  /** Before the files of the stage. */
  readonly directories: Stages;
  /** After the files of the stage. */
  readonly links: Stages;
  /** After everything they can lead to. */
  readonly hardLinks: readonly HostStep[];
  readonly blocked: readonly BlockedChange[];
}

/** Steps that make declared directories and links, and take links away that are not declared any more. Pure. */
export function planNodes(config: HostConfig, owners: Owners, context: PlanContext): NodePlan {
  const planner = new NodePlanner(owners, context);
  const depth = ({ path }: { readonly path: string }): number => path.split('/').length;
  const shallowFirst = (a: { path: string }, b: { path: string }): number => depth(a) - depth(b);
  for (const directory of [...(config.directories ?? [])].toSorted(shallowFirst)) planner.directory(directory);
  for (const link of [...(config.links ?? [])].toSorted(shallowFirst)) planner.link(link);
  const kept = new Set([...(config.links ?? []), ...config.files].map(({ path }) => path));
  for (const link of context.previous.links ?? []) if (!kept.has(link.path)) planner.gone(link);
  return planner;
}

interface About {
  readonly key: string;
  readonly subject: string;
}

class NodePlanner implements NodePlan {
  readonly directories: Stages = { settings: [], data: [] };
  readonly links: Stages = { settings: [], data: [] };
  readonly hardLinks: HostStep[] = [];
  readonly blocked: BlockedChange[] = [];
  readonly #owners: Owners;
  readonly #context: PlanContext;

  constructor(owners: Owners, context: PlanContext) {
    this.#owners = owners;
    this.#context = context;
  }

  directory(directory: DirectoryConfig): void {
    const { path, overwrite } = directory;
    const about = { key: formatPath(['directories', path]), subject: `directory${path}` };
    if (this.#isReadOnly(path, about)) return;
    const state = this.#context.files.states.get(path) ?? { kind: 'missing' };
    const ownership = ownershipOf(directory, this.#owners, state);
    if ('why' in ownership) {
      this.#block(about, ownership.why, 'declare it as a user or group');
      return;
    }
    const { mode, uid, gid } = ownership;
    if (state.kind === 'directory') {
      if (state.mode === mode && state.uid === uid && state.gid === gid) return;
    } else if (state.kind !== 'missing' && !overwrite) {
      this.#block(about, `${path} is there, and is no directory`, 'say "overwrite": true if it may go');
      return;
    }
    const steps = this.directories[stageOf(path)];
    if (state.kind === 'file' || state.kind === 'other') steps.push(this.#clear(path, about));
    const summary = `make the directory ${path}`;
    steps.push(this.#context.step({ kind: 'make-directory', path, ownership }, { ...about, summary }));
  }

  link(link: LinkConfig): void {
    const { path, target, hard, owner, group, overwrite } = link;
    const about = { key: formatPath(['links', path]), subject: `link${path}` };
    if (this.#isReadOnly(path, about)) return;
    const { links, identities, states } = this.#context.files;
    const own = identities.get(path);
    const isMade = hard ? own !== undefined && own === identities.get(target) : links.get(path) === target;
    if (isMade) return;
    const isOurs = (this.#context.previous.links ?? []).some((other) => other.path === path);
    if (own !== undefined && !overwrite && !isOurs) {
      this.#block(about, `something else is at ${path} already`, 'say "overwrite": true if it may go');
      return;
    }
    const ownership = ownershipOf({ mode: 0, owner, group }, this.#owners, { kind: 'missing' });
    if ('why' in ownership) {
      this.#block(about, ownership.why, 'declare it as a user or group');
      return;
    }
    const steps = hard ? this.hardLinks : this.links[stageOf(path)];
    const isTree = links.get(path) === undefined && states.get(path)?.kind === 'directory';
    if (isTree) steps.push(this.#clear(path, about));
    const summary = hard ? `make ${path} another name of ${target}` : `link ${path} to ${target}`;
    const action = hard
      ? ({ kind: 'make-hard-link', path, target } as const)
      : ({ kind: 'make-link', path, target, owner: { uid: ownership.uid, gid: ownership.gid } } as const);
    steps.push(this.#context.step(action, { ...about, summary }));
  }

  /** One that leads elsewhere now is somebody else's. */
  gone({ path, target, hard }: LinkConfig): void {
    const { links, identities } = this.#context.files;
    const own = identities.get(path);
    const isThere = hard ? own !== undefined && own === identities.get(target) : links.get(path) === target;
    if (!isThere || readOnlyReason(path) !== undefined) return;
    const about = { key: formatPath(['links', path]), subject: `link${path}`, summary: `remove the link ${path}` };
    this.links.settings.push(
      this.#context.step({ kind: 'remove-file', path }, { ...about, id: `remove-file:${path}` }),
    );
  }

  #clear(path: string, about: About): HostStep {
    return this.#context.step({ kind: 'remove-tree', path }, { ...about, summary: `remove what is at ${path}` });
  }

  #isReadOnly(path: string, about: About): boolean {
    const reason = this.#context.options.tree === true ? undefined : readOnlyReason(path);
    if (reason !== undefined) this.#block(about, reason.why, reason.hint);
    return reason !== undefined;
  }

  #block(about: About, why: string, hint: string): void {
    this.blocked.push({ ...about, why, until: 'config', hint });
  }
}
